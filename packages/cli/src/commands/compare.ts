import { type Calibration, PRECISIONS, type Precision } from '@kcr/onnx';
import { type Comparison, compare, type EvaluationData } from '@kcr/pipeline';
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
import { calibrationOption } from './calibration.ts';

interface CompareCommandOptions extends EvaluationData, CheckpointOptions {
  precision?: Precision[];
  calibrate?: string;
  calibration: Calibration;
  batchSize: number;
  batch: number;
  runs: number;
  threads?: number;
  json?: boolean;
}

/** `kcr compare`: checkpoints in several numbers side by side, how good, how large and how fast. */
export function addCompare(kcr: Command): void {
  const command = kcr
    .command('compare')
    .description('checkpoints as exported files side by side: how good, how large, how fast')
    .argument('<checkpoints...>', `each ${CHECKPOINT}`)
    .requiredOption('--data <folder>', 'images with what is in them, as for eval')
    .addOption(
      new Option(
        '--precision <numbers...>',
        'numbers of the files (default: fp32 fp16 int8-dynamic, and int8 with --calibrate)',
      ).choices(PRECISIONS),
    )
    .option('--calibrate <folder>', 'images with what is in them, to find the ranges of int8 with')
    .addOption(calibrationOption())
    .option('--batch <n>', 'images of a timed run', count, 1)
    .option('--runs <n>', 'timed runs of each file', count, 30)
    .option('--threads <n>', 'threads of one operator (default: one per core)', count);
  withMeasuring(withCheckpoint(command))
    .option('--json', 'print the result as JSON')
    .action(async (checkpoints: string[], options: CompareCommandOptions) => {
      const { precision: precisions, data, json, ...given } = options;
      const { calibrate, calibration, batchSize, batch, runs, threads } = options;
      const found = await compare(
        checkpoints,
        { data, ...imagesOf(given) },
        {
          ...checkpointOf(options),
          precisions,
          calibrate,
          calibration,
          batchSize,
          batch,
          runs,
          threads,
          on: progress(),
        },
      );
      if (json) printResult(found, true);
      else print(found);
    });
}

const points = (share: number) => `${share < 0 ? '' : '+'}${(100 * share).toFixed(2)}`;

function print({ files, metrics, n, machine, batch, threads }: Comparison): void {
  printResult({ images: n, machine, batch, ...(threads === undefined ? {} : { threads }) });
  process.stdout.write('\n');
  const keys = Object.keys(metrics).filter((key) => files[0]!.numbers[key] !== undefined);
  const rows = files.map(
    ({ checkpoint, precision, numbers, difference, bytes, latency, throughput }) => [
      checkpoint,
      precision,
      ...keys.map((key) => `${(100 * numbers[key]!).toFixed(2)} %`),
      difference
        ? `${points(difference.share)} [${points(difference.low)}, ${points(difference.high)}]`
        : '',
      `${Math.round(bytes / 1e3).toLocaleString('en')} kB`,
      latency.ms.median.toFixed(2),
      throughput.toFixed(0),
      `${latency.speedup.median.toFixed(2)} [${latency.speedup.low.toFixed(2)}, ${latency.speedup.high.toFixed(2)}]`,
    ],
  );
  const titles = keys.map((key) => metrics[key]!);
  printTable([
    [
      'checkpoint',
      'numbers',
      ...titles,
      'points to the first',
      'size',
      'ms',
      'images/s',
      'times as fast',
    ],
    ...rows,
  ]);
}
