import { type EvaluationData, evaluate } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  type EngineOptions,
  engineOf,
  withCheckpoint,
  withEngine,
  withMeasuring,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface EvalOptions extends EvaluationData, EngineOptions, CheckpointOptions {
  batchSize: number;
  logits?: string;
  detections?: string;
  json?: boolean;
}

/** `kcr eval`: how good a checkpoint is on images with what is in them. */
export function addEval(kcr: Command): void {
  const command = kcr
    .command('eval')
    .description('how good a checkpoint is: accuracy and loss, mean IoU, or average precision')
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption(
      '--data <folder>',
      'images, one folder per class; for class maps `images` and `labels`; the images of --annotations',
    )
    .option('--detections <file>', "of detectors: also store what was found, in COCO's format")
    .option(
      '--logits <file>',
      'also store the logits of all images, for `--teacher` (safetensors)',
    );
  withEngine(withCheckpoint(withMeasuring(command)))
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: EvalOptions) => {
      const { logits, detections, engine: _, device: __, model: ___, json, ...given } = options;
      const result = await evaluate(checkpoint, {
        ...given,
        ...checkpointOf(options),
        artifacts: { logits, detections },
        engine: engineOf(options),
        on: progress(),
      });
      printResult(result, json);
    });
}
