import { writeAtomic } from '@kcr/core';
import {
  checkExport,
  type EvaluationData,
  type ExportCheck,
  exportCheckpoint,
  loadCheckpoint,
  requireWritableFile,
} from '@kcr/pipeline';
import type { Command } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  withCheckpoint,
  withMeasuring,
} from '../options.ts';
import { printResult, printTable } from '../output.ts';
import { progress } from '../progress.ts';

interface ExportCommandOptions extends Omit<EvaluationData, 'data'>, CheckpointOptions {
  out: string;
  batch?: number;
  opset?: number;
  check?: string;
  batchSize: number;
  json?: boolean;
}

/** `kcr export`: a checkpoint as an ONNX file. */
export function addExport(kcr: Command): void {
  const command = kcr
    .command('export')
    .description('write a checkpoint as an ONNX file')
    .argument('<checkpoint>', CHECKPOINT)
    .requiredOption('--out <file>', 'the ONNX file')
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', count)
    .option('--opset <n>', "version of ONNX' operator set, 17 to 23 (default: 20)", count)
    .option(
      '--check <folder>',
      'images with what is in them, as for eval: run the file in ONNX Runtime over them, beside the checkpoint',
    );
  withMeasuring(withCheckpoint(command))
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: ExportCommandOptions) => {
      const { out, batch, opset, check: data, batchSize, json, ...request } = options;
      const on = progress();
      const loaded = await loadCheckpoint(checkpoint, { ...checkpointOf(options), on });
      await requireWritableFile(out);
      const bytes = await exportCheckpoint(loaded, { batch, opset });
      await writeAtomic(out, bytes);
      const [height, width, channels] = loaded.model.inputShape;
      const input = [batch ?? 'batch', channels, height, width];
      const written = { file: out, bytes: bytes.length, input };
      const check =
        data === undefined
          ? undefined
          : await checkExport(loaded, bytes, { ...dataOf(request), data }, { batchSize, on });
      if (json || !check) printResult({ ...written, ...(check ? { check } : {}) }, json);
      else {
        printResult({ ...written, images: check.n });
        printTable(rowsOf(check));
      }
    });
}

/** What says how images are read, without what says which checkpoint. */
function dataOf({
  model: _,
  config: __,
  trust: ___,
  ...rest
}: Omit<EvaluationData, 'data'> & CheckpointOptions) {
  return rest;
}

/** Each number of the checkpoint beside the file's. */
const rowsOf = ({ checkpoint, file }: ExportCheck): string[][] => [
  ['', 'checkpoint', 'file'],
  ...Object.entries(checkpoint).map(([name, value]) => [
    name,
    value.toPrecision(6),
    file[name]?.toPrecision(6) ?? '',
  ]),
];
