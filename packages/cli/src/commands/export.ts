import { writeAtomic } from '@kcr/core';
import { exportOnnx } from '@kcr/onnx';
import { loadCheckpoint, requireWritableFile } from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  withCheckpoint,
} from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';

interface ExportCommandOptions extends CheckpointOptions {
  out: string;
  batch?: number;
  json?: boolean;
}

/** `kcr export`: a checkpoint as an ONNX file. */
export function addExport(kcr: Command): void {
  withCheckpoint(kcr.command('export'))
    .description('write a checkpoint as an ONNX file')
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption('--out <file>', 'the ONNX file')
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', count)
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: ExportCommandOptions) => {
      const { out, batch } = options;
      const { model, weights } = await loadCheckpoint(checkpoint, {
        ...checkpointOf(options),
        on: progress(),
      });
      await requireWritableFile(out);
      const bytes = await exportOnnx(model, weights, { batch });
      await writeAtomic(out, bytes);
      const [height, width, channels] = model.inputShape;
      const input = [batch ?? 'batch', channels, height, width];
      printResult({ file: out, bytes: bytes.length, input }, options.json);
    });
}
