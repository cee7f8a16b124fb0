import { importCheckpoint } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  whole,
  withCheckpoint,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface ImportOptions extends CheckpointOptions {
  out: string;
  seed: number;
  json?: boolean;
}

/** `kcr import`: published weights as a checkpoint folder. */
export function addImport(kcr: Command): void {
  withCheckpoint(kcr.command('import'))
    .description(
      'write published weights as a checkpoint folder, for other classes, image sizes or channels too',
    )
    .argument('<source>', CHECKPOINT)
    .requiredOption('--out <folder>', 'the checkpoint folder')
    .option('--seed <n>', 'of what is drawn, such as a classifier of other classes', whole, 0)
    .option('--json', 'print {taken, drawn, resized, left, choices} as JSON')
    .action(async (source: string, options: ImportOptions) => {
      const { out, seed, json } = options;
      const as = checkpointOf(options);
      const report = await importCheckpoint(source, { ...as, out, seed, on: progress() });
      if (json) printResult(report, true);
      else process.stdout.write(`checkpoint: ${out}\n`);
    });
}
