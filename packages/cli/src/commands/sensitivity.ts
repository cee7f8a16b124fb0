import { join } from 'node:path';
import type { Calibration } from '@kcr/onnx';
import {
  criteria,
  loadCheckpoint,
  measureSensitivity,
  requireWritableFile,
  sensitivityRows,
  writeSensitivity,
} from '@kcr/pipeline';
import { type Command, Option } from 'commander';
import { choicesOf, criterionPart } from '../named-part.ts';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  type EngineOptions,
  engineOf,
  json,
  positiveShare,
  share,
  whole,
  withCheckpoint,
  withEngine,
} from '../options.ts';
import { printResult, printTable } from '../output.ts';
import { progress } from '../progress.ts';
import { calibrationOf, calibrationOption } from './calibration.ts';

interface SensitivityCommandOptions extends EngineOptions, CheckpointOptions {
  data: string;
  out?: string;
  precision: 'int8' | 'int8-dynamic' | 'int8-weights';
  calibrate?: string;
  calibration: Calibration;
  keep: number;
  dims?: string[];
  criterion: string;
  criterionOptions: Record<string, unknown>;
  images: number;
  batchSize: number;
  cropRatio?: number;
  seed: number;
  json?: boolean;
}

/** `kcr sensitivity`: what quantising or pruning each part of a classifier alone does to it. */
export function addSensitivity(kcr: Command): void {
  const command = kcr
    .command('sensitivity')
    .description('what quantising, or pruning, each layer and block alone does to a classifier')
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption('--data <folder>', 'images, one folder per class')
    .option('--out <folder>', 'for sensitivity.html, with pictures, and sensitivity.json')
    .addOption(
      new Option('--precision <numbers>', 'how layers are quantised; int8 needs --calibrate')
        .choices(['int8', 'int8-dynamic', 'int8-weights'])
        .default('int8-dynamic'),
    )
    .option('--calibrate <folder>', 'images, one folder per class, to find ranges with')
    .addOption(calibrationOption())
    .option('--keep <share>', 'share of the channels that are kept where pruned', share, 0.5)
    .option('--dims <roles...>', 'roles of the dimensions to prune (default: qk v hidden)')
    .option('--criterion <name>', `what scores channels: ${choicesOf(criteria)}`, 'magnitude')
    .option('--criterion-options <json>', "the criterion's options", json, {})
    .option('--images <n>', 'images to measure on, drawn by the seed', count, 256)
    .option('--batch-size <n>', 'images at once', count, 64)
    .option('--crop-ratio <share>', 'size of the centre crop', positiveShare)
    .option('--seed <n>', 'seed of the sample', whole, 0);
  withEngine(withCheckpoint(command))
    .option('--json', 'print the result as JSON')
    .action(sensitivity);
}

async function sensitivity(checkpoint: string, options: SensitivityCommandOptions): Promise<void> {
  const { data, out, precision, calibrate, calibration: method, cropRatio } = options;
  const { keep, dims, images, batchSize, seed } = options;
  const criterion = criterionPart(options.criterion, options.criterionOptions);
  const on = progress();
  const loaded = await loadCheckpoint(checkpoint, { ...checkpointOf(options), on });
  if (out !== undefined) await requireWritableFile(join(out, 'sensitivity.html'));
  const calibration = await calibrationOf(
    loaded,
    { calibrate, calibration: method, cropRatio },
    on,
  );
  const report = await measureSensitivity(
    loaded,
    { data, cropRatio },
    {
      numbers: { precision, calibration },
      criterion,
      engine: engineOf(options),
      keep,
      dims,
      images,
      batchSize,
      seed,
      on,
    },
  );
  const page = out === undefined ? {} : { page: await writeSensitivity(out, report) };
  if (options.json) {
    printResult({ ...report, ...page }, true);
    return;
  }
  const { parts: _, float, ...summary } = report;
  printResult({ ...summary, 'leave in float32 first': float, ...page });
  process.stdout.write('\n');
  printTable([['part', 'change', 'error', 'loss', 'top-1'], ...sensitivityRows(report)]);
}
