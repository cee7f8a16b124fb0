import { KcrError } from '@kcr/core';
import { allocators, criteria, type PruningInput, prune, schedules } from '@kcr/pipeline';
import { type Command, Option } from 'commander';
import { choicesOf, criterionPart, namedPart } from '../named-part.ts';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  type EngineOptions,
  engineOf,
  json,
  points,
  positiveShare,
  share,
  whole,
  withCheckpoint,
  withEngine,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface PruneCommandOptions extends EngineOptions, CheckpointOptions {
  data: string;
  out: string;
  test?: string;
  method: 'scores' | 'bottom-up-cascade';
  criterion: string;
  criterionOptions: Record<string, unknown>;
  allocator: string;
  allocatorOptions: Record<string, unknown>;
  budget?: number;
  align: number;
  wholeHeads: boolean;
  latencyTable?: string;
  schedule: string;
  scheduleOptions: Record<string, unknown>;
  rounds: number;
  epsilon?: number;
  rho: number;
  order: 'bottom-up' | 'top-down';
  tokens: boolean;
  dims?: string[];
  images: number;
  calibrationImages: number;
  batchSize: number;
  cropRatio?: number;
  seed: number;
  json?: boolean;
}

/** The settings that the options say. @throws KcrError `OPTION` */
function pruningOf(options: PruneCommandOptions): PruningInput {
  const { method, dims, images, batchSize, rho, order, calibrationImages, tokens } = options;
  const common = {
    dims,
    images,
    batchSize,
    criterion: criterionPart(options.criterion, options.criterionOptions),
  };
  if (method === 'bottom-up-cascade')
    return {
      ...common,
      method,
      epsilon: required('--epsilon', options.epsilon),
      rho,
      order,
      calibrationImages,
      tokenSelector: tokens ? { use: '@kcr/lfc#lfe' } : undefined,
    };
  const { allocator, allocatorOptions, schedule, scheduleOptions, rounds, budget } = options;
  const { align, wholeHeads, latencyTable } = options;
  const chosen = namedPart('--allocator', allocator, allocatorOptions, allocators);
  return {
    ...common,
    method,
    allocator: chosen as keyof typeof allocators,
    budget: typeof chosen === 'string' ? required('--budget', budget) : undefined,
    align,
    wholeHeads,
    latencyTable,
    schedule: namedPart(
      '--schedule',
      schedule,
      scheduleOptions,
      schedules,
    ) as keyof typeof schedules,
    rounds,
  };
}

/** @throws KcrError `OPTION` */
function required(option: string, value: number | undefined): number {
  if (value !== undefined) return value;
  throw new KcrError('OPTION', {
    where: option,
    found: 'nothing',
    fix: 'Give it: `--budget` is the share to keep (points of accuracy for `drop`), `--epsilon` the points that `bottom-up-cascade` may cost',
  });
}

/** Adds the options of pruning by scores; the criterion is the cascade's too. */
const withScores = (command: Command): Command =>
  command
    .option('--criterion <name>', `what scores channels: ${choicesOf(criteria)}`, 'lfs')
    .option('--criterion-options <json>', "the criterion's options", json, {})
    .option(
      '--allocator <name>',
      `of scores: how channels are chosen: ${choicesOf(allocators)}`,
      'macs',
    )
    .option('--allocator-options <json>', 'options of an allocator of another module', json, {})
    .option(
      '--budget <value>',
      'of scores: share to keep, of the channels (uniform, global), MACs, parameters or milliseconds; for `drop` the points that accuracy may drop',
      points,
    )
    .option(
      '--align <n>',
      'of scores: counts are multiples of it, for kernels that are fast at them (16 for convolutions)',
      count,
      1,
    )
    .option('--whole-heads', 'of scores: heads stay as they are or go whole', false)
    .option(
      '--latency-table <file>',
      'of `latency`: the table to plan with, which `kcr latency` wrote on this machine or another (default: measured)',
    )
    .option(
      '--schedule <name>',
      `of scores: when channels are chosen: ${choicesOf(schedules)}`,
      'one-shot',
    )
    .option('--schedule-options <json>', 'options of a schedule of another module', json, {})
    .option('--rounds <n>', 'of the iterative and the geometric schedule', count, 5);

/** Adds the options of VTC-LFC's cascade. */
const withCascade = (command: Command): Command =>
  command
    .option('--epsilon <points>', 'of the cascade: points that accuracy may drop', points)
    .option('--rho <share>', "of the cascade: tokens' share of the drop", share, 0.35)
    .addOption(
      new Option('--order <name>', 'of the cascade: where it begins')
        .choices(['bottom-up', 'top-down'])
        .default('bottom-up'),
    )
    .option('--no-tokens', 'of the cascade: take out channels alone');

/** Adds the options that say what is pruned and on which images. */
const withImages = (command: Command): Command =>
  command
    .option('--dims <roles...>', 'roles of the dimensions to prune (default: qk v hidden)')
    .option('--images <n>', 'training images to score on', count, 2000)
    .option('--calibration-images <n>', 'training images that the cascade measures on', count, 5000)
    .option('--batch-size <n>', 'images at once', count, 100)
    .option(
      '--crop-ratio <share>',
      "size of the centre crop (default: the checkpoint's)",
      positiveShare,
    )
    .option('--seed <n>', 'seed of the samples', whole, 0);

/** `kcr prune`: takes channels, and with the cascade tokens, out of a trained model. */
export function addPrune(kcr: Command): void {
  const command = kcr
    .command('prune')
    .description('take channels, and with `bottom-up-cascade` tokens, out of a trained model')
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption('--data <folder>', 'training images, one folder per class')
    .requiredOption('--out <folder>', 'the pruned checkpoint; an interrupted cascade goes on')
    .option('--test <folder>', 'images to measure the accuracy on, before and after')
    .addOption(
      new Option('--method <name>', 'by scores, or by VTC-LFC’s cascade')
        .choices(['scores', 'bottom-up-cascade'])
        .default('scores'),
    );
  withEngine(withCheckpoint(withImages(withCascade(withScores(command)))))
    .option('--json', 'print the result as JSON')
    .action(pruneCommand);
}

async function pruneCommand(checkpoint: string, options: PruneCommandOptions): Promise<void> {
  const { data, out, test, cropRatio, seed } = options;
  const given = { data, out, test, cropRatio, seed, ...checkpointOf(options) };
  const pruning = pruningOf(options);
  const engine = engineOf(options);
  const on = progress();
  printResult(await prune(checkpoint, { ...given, pruning, engine, on }), options.json);
}
