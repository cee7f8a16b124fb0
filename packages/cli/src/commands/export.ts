import { KcrError } from '@kcr/core';
import { PRECISIONS, type Precision, RUNTIMES, type Runtime } from '@kcr/onnx';
import { checkExport, type ExportCheck, exportCheckpoint, loadCheckpoint } from '@kcr/pipeline';
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
import { type CalibrationChoice, calibrationOf, calibrationOption } from './calibration.ts';
import { folderForms, writeFileForm } from './export-forms.ts';
import { type PageOptions, requirePage, withPage, writePageCommand } from './export-page.ts';

interface ExportCommandOptions extends CalibrationChoice, CheckpointOptions, PageOptions {
  out?: string;
  for?: keyof typeof folderForms;
  batch?: number;
  opset?: number;
  precision?: Precision[];
  float?: string[];
  optimise?: Runtime;
  check?: string;
  batchSize: number;
  json?: boolean;
}

/** Options of one file for any runtime that has ONNX. */
const FILE_OPTIONS = ['optimise'] as const;

/** Options that ONNX files alone have. */
const ONNX_OPTIONS = [
  ...FILE_OPTIONS,
  'batch',
  'opset',
  'precision',
  'calibrate',
  'calibration',
  'images',
  'float',
  'check',
] as const;

/** @throws KcrError `OPTION` for an option that was given though the form has nothing for it */
function refuseOptions(command: Command, form: keyof typeof folderForms): void {
  const options: readonly string[] = folderForms[form].isOnnx ? FILE_OPTIONS : ONNX_OPTIONS;
  const given = options.find((name) => command.getOptionValueSource(name) === 'cli');
  if (given === undefined) return;
  throw new KcrError('OPTION', {
    where: `--${given}`,
    found: `an option that --for ${form} has no use for`,
    fix: 'Leave it out',
  });
}

/** `kcr export`: a checkpoint as an ONNX file, or for another library. */
export function addExport(kcr: Command): void {
  const command = kcr
    .command('export')
    .description(
      'write a checkpoint as an ONNX file, for another library, or models as a page for the browser',
    )
    .argument('<checkpoint>', CHECKPOINT)
    .option('--out <path>', 'the ONNX file, or the folder of --for')
    .addOption(
      new Option(
        '--for <what>',
        'of classifiers, for transformers.js of class maps too: a folder that it loads, instead of a file',
      ).choices(Object.keys(folderForms)),
    )
    .option('--batch <n>', 'a fixed batch size instead of a dynamic one', count)
    .option('--opset <n>', "version of ONNX' operator set, 17 to 23 (default: 20)", count)
    .addOption(
      new Option(
        '--precision <numbers...>',
        'numbers of the file (default: fp32), of transformers.js of each (default: fp32, fp16 and int8 or int8-dynamic): int8 needs --calibrate, int8-dynamic finds ranges as it runs, int8-weights computes in fp32',
      ).choices(PRECISIONS),
    )
    .option('--calibrate <folder>', 'images with what is in them, as for eval, to find ranges with')
    .addOption(calibrationOption())
    .option('--images <n>', 'images to find ranges with, drawn from those', count, 256)
    .option('--float <module...>', 'modules that stay in fp32 beside integers, such as head')
    .addOption(
      new Option(
        '--optimise <runtime>',
        'write another file beside it, with operators of this runtime where they are faster',
      ).choices(RUNTIMES),
    )
    .option(
      '--check <folder>',
      'images with what is in them, as for eval: run the file in ONNX Runtime over them, beside the checkpoint',
    );
  withPage(withMeasuring(withCheckpoint(command)))
    .option('--json', 'print the result as JSON')
    .action(async (checkpoint: string, options: ExportCommandOptions) => {
      if (options.page !== undefined) return writePageCommand(checkpoint, options);
      requirePage(options);
      const { out, for: form, batch, opset, precision, float, optimise, check: data } = options;
      if (out === undefined)
        return command.error(
          "error: required option '--out <path>' or '--page <folder>' not specified",
        );
      const { batchSize, json, ...request } = options;
      const { write, isOnnx } = form ? folderForms[form] : { write: writeFileForm, isOnnx: true };
      if (form) refuseOptions(command, form);
      const on = progress();
      const loaded = await loadCheckpoint(checkpoint, { ...checkpointOf(options), on });
      const given = imagesOf(request);
      const calibration = await calibrationOf(loaded, request, on);
      const { result, files } = await write({
        out,
        loaded,
        precisions: precision ?? [],
        isCalibrated: calibration !== undefined,
        optimise,
        exported: (precision, optimise) =>
          exportCheckpoint(loaded, { batch, opset, precision, calibration, float, optimise }),
      });
      const [height, width, channels] = loaded.model.inputShape;
      const written = isOnnx
        ? { ...result, input: [batch ?? 'batch', channels, height, width] }
        : result;
      const check =
        data === undefined
          ? undefined
          : await checkExport(loaded, files, { ...given, data }, { batchSize, on });
      if (!check) printResult(written, json);
      else if (json) {
        const { n, checkpoint, files } = check;
        printResult({ ...written, check: { n, checkpoint, ...files } }, true);
      } else {
        printResult({ ...written, images: check.n });
        printTable(rowsOf(check));
      }
    });
}

/** Each number of the checkpoint beside the files'. */
const rowsOf = ({ checkpoint, files }: ExportCheck): string[][] => [
  ['', 'checkpoint', ...Object.keys(files)],
  ...Object.entries(checkpoint).map(([name, value]) => [
    name,
    value.toPrecision(6),
    ...Object.values(files).map((numbers) => numbers[name]?.toPrecision(6) ?? ''),
  ]),
];
