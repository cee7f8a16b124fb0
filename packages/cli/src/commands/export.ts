import { join } from 'node:path';
import { writeAtomic } from '@kcr/core';
import { CALIBRATIONS, type Calibration, PRECISIONS, type Precision } from '@kcr/onnx';
import {
  calibrationImages,
  checkExport,
  type EvaluationData,
  type ExportCheck,
  exportCheckpoint,
  loadCheckpoint,
  requireWritableFile,
  transformersFile,
  writeTransformersFolder,
} from '@kcr/pipeline';
import { type Command, Option } from 'commander';
import {
  CHECKPOINT,
  type CheckpointOptions,
  checkpointOf,
  count,
  imagesOf,
  withCheckpoint,
  withMeasuring,
} from '../options.ts';
import { printResult, printTable } from '../output.ts';
import { progress } from '../progress.ts';

interface ExportCommandOptions extends Omit<EvaluationData, 'data'>, CheckpointOptions {
  out: string;
  for?: 'transformers.js';
  batch?: number;
  opset?: number;
  precision: Precision;
  calibrate?: string;
  calibration: Calibration;
  images: number;
  float?: string[];
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
    .requiredOption('--out <path>', 'the ONNX file, or the folder of --for')
    .addOption(
      new Option(
        '--for <what>',
        'of classifiers: a folder that transformers.js loads, instead of a file',
      ).choices(['transformers.js']),
    )
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', count)
    .option('--opset <n>', "version of ONNX' operator set, 17 to 23 (default: 20)", count)
    .addOption(
      new Option(
        '--precision <numbers>',
        'numbers of the file: int8 needs --calibrate, int8-dynamic finds ranges as it runs, int8-weights computes in fp32',
      )
        .choices(PRECISIONS)
        .default('fp32'),
    )
    .option('--calibrate <folder>', 'images with what is in them, as for eval, to find ranges with')
    .addOption(
      new Option('--calibration <how>', 'how ranges are chosen')
        .choices(CALIBRATIONS)
        .default('percentile'),
    )
    .option('--images <n>', 'images to find ranges with, drawn from those', count, 256)
    .option('--float <module...>', 'modules that stay in fp32 beside integers, such as head')
    .option(
      '--check <folder>',
      'images with what is in them, as for eval: run the file in ONNX Runtime over them, beside the checkpoint',
    );
  withMeasuring(withCheckpoint(command))
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: ExportCommandOptions) => {
      const { out, for: form, batch, opset, precision, float, check: data } = options;
      const {
        calibrate,
        calibration: method,
        images: count,
        batchSize,
        json,
        ...request
      } = options;
      const on = progress();
      const loaded = await loadCheckpoint(checkpoint, { ...checkpointOf(options), on });
      const file = form ? join(out, 'onnx', transformersFile(precision)) : out;
      await requireWritableFile(file);
      const given = imagesOf(request);
      const calibration =
        calibrate === undefined
          ? undefined
          : {
              images: await calibrationImages(loaded, { ...given, data: calibrate }, { count, on }),
              method,
            };
      const bytes = await exportCheckpoint(loaded, { batch, opset, precision, calibration, float });
      if (form) await writeTransformersFolder(out, loaded, bytes, precision);
      else await writeAtomic(file, bytes);
      const [height, width, channels] = loaded.model.inputShape;
      const input = [batch ?? 'batch', channels, height, width];
      const written = { file, bytes: bytes.length, input };
      const check =
        data === undefined
          ? undefined
          : await checkExport(loaded, bytes, { ...given, data }, { batchSize, on });
      if (json || !check) printResult({ ...written, ...(check ? { check } : {}) }, json);
      else {
        printResult({ ...written, images: check.n });
        printTable(rowsOf(check));
      }
    });
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
