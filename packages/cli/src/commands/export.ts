import { writeAtomic } from '@kcr/core';
import { exportOnnx } from '@kcr/onnx';
import { loadCheckpoint, requireWritableFile } from '@kcr/pipeline';
import type { Command } from 'commander';
import { whole } from '../options.ts';
import { printResult } from '../output.ts';

/** `kcr export`: a checkpoint as an ONNX file. */
export function addExport(kcr: Command): void {
  kcr
    .command('export')
    .description('write a checkpoint as an ONNX file')
    .argument('<checkpoint>', 'folder with model.json and model.safetensors')
    .requiredOption('--out <file>', 'the ONNX file')
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', whole)
    .option('--json', 'print the result as JSON')
    .action(
      async (checkpoint: string, options: { out: string; batch?: number; json?: boolean }) => {
        const { out, batch } = options;
        const { model, weights } = await loadCheckpoint(checkpoint);
        await requireWritableFile(out);
        const bytes = exportOnnx(model, weights, { batch });
        await writeAtomic(out, bytes);
        const [height, width, channels] = model.inputShape;
        const input = [batch ?? 'batch', channels, height, width];
        printResult({ file: out, bytes: bytes.length, input }, options.json);
      },
    );
}
