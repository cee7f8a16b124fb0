import { type EvaluationData, writeFeatures } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  type EngineOptions,
  engineOf,
  invalidOption,
  positiveShare,
  withCheckpoint,
  withEngine,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface FeaturesCommandOptions extends EvaluationData, EngineOptions, CheckpointOptions {
  batchSize: number;
  images?: number;
  out: string;
  json?: boolean;
}

/** `kcr features`: a checkpoint's features of images, with their pixels and classes, for `complexity` and `ib`. */
export function addFeatures(kcr: Command): void {
  const command = kcr
    .command('features')
    .description("a checkpoint's features of images, which `kcr complexity` and `kcr ib` read")
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption(
      '--data <folder>',
      'images, one folder per class; for class maps `images` and `labels`; the images of --annotations',
    )
    .requiredOption(
      '--out <file>',
      'safetensors: `features` [n, d], `inputs` [n, p] (pixels, averaged over a grid), `labels` [n]',
    )
    .option('--annotations <file>', 'of detectors: a COCO file of instances')
    .option('--instance-ids', 'of class maps: labels number objects of the second class')
    .option('--reduce-zero-label', 'of class maps: 0 is no class, as in ADE20K');
  withEngine(withCheckpoint(command))
    .addOption(invalidOption())
    .option('--batch-size <n>', 'images at once', count, 64)
    .option(
      '--images <n>',
      'images that are read, drawn at random (default: all, at most 50,000)',
      count,
    )
    .option(
      '--crop-ratio <share>',
      "size of the centre crop, as a share of the resized image (default: the checkpoint's)",
      positiveShare,
    )
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: FeaturesCommandOptions) => {
      const { engine: _, device: __, model: ___, json, ...given } = options;
      const engine = engineOf(options);
      const as = checkpointOf(options);
      const result = await writeFeatures(checkpoint, { ...given, ...as, engine, on: progress() });
      printResult(result, json);
    });
}
