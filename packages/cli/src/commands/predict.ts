import { type PredictOptions, predict } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type EngineOptions,
  engineOf,
  invalidOption,
  share,
  withCheckpoint,
  withEngine,
  withViews,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface PredictCommandOptions extends EngineOptions, Pick<PredictOptions, 'invalid'> {
  model: string;
  out: string;
  score?: number;
  scales?: number[];
  flip?: boolean;
  architecture?: string;
  config?: Record<string, unknown>;
  trust?: readonly string[];
  json?: boolean;
}

/** `kcr predict`: what a checkpoint says of images, drawn and as JSON. */
export function addPredict(kcr: Command): void {
  const command = kcr
    .command('predict')
    .description(
      'what a checkpoint says of images: boxes, masks, class maps or classes, drawn and as JSON',
    )
    .argument('<images...>', 'image files, or folders with them')
    .requiredOption('--model <checkpoint>', CHECKPOINT)
    .requiredOption('--out <folder>', 'for the drawings and predictions.json')
    .option('--score <value>', 'lowest score of an object that is drawn (default: 0.3)', share);
  withEngine(withCheckpoint(withViews(command), '--architecture'))
    .addOption(invalidOption())
    .option('--json', 'print the predictions as JSON')
    .action(async (inputs: string[], options: PredictCommandOptions) => {
      const engine = engineOf(options);
      const { predictions, file } = await predict(inputs, { ...options, engine, on: progress() });
      if (options.json) process.stdout.write(`${JSON.stringify(predictions)}\n`);
      else printResult({ images: predictions.images.length, predictions: file });
    });
}
