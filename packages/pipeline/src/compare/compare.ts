import {
  evaluateTask,
  type ImageSet,
  KcrError,
  type LoadedModel,
  requireClasses,
  type Task,
  taskOf,
} from '@kcr/core';
import {
  type Calibration,
  type ExportedFile,
  type Latency,
  measureFiles,
  openExported,
  type Precision,
} from '@kcr/onnx';
import { calibrationImages } from '../calibration-images.ts';
import type { OnEvent } from '../events.ts';
import { exportCheckpoint } from '../export-checkpoint.ts';
import { machineText } from '../latency/machine.ts';
import { loadCheckpoint, type ReadAs } from '../load-checkpoint.ts';
import { type Difference, pairedDifference } from '../report/paired-difference.ts';
import { findTaskKit } from '../tasks/find-task-kit.ts';
import type { EvaluationData } from '../tasks/task-kit.ts';

export interface CompareOptions extends ReadAs {
  /** Numbers that each checkpoint is exported in. Default fp32, fp16, int8-dynamic, and int8 where there are images to calibrate with. */
  readonly precisions?: readonly Precision[];
  /** Folder of images to find ranges with, read as the others are. */
  readonly calibrate?: string;
  /** How ranges are chosen. */
  readonly calibration?: Calibration;
  /** Images at once where files are measured. Default 64. */
  readonly batchSize?: number;
  /** Images of a timed run. Default 1. */
  readonly batch?: number;
  /** Timed runs of each file. Default 30. */
  readonly runs?: number;
  /** Threads of one operator. Default: one per core. */
  readonly threads?: number;
  readonly on?: OnEvent;
}

/** A checkpoint exported in some numbers. */
export interface ComparedFile {
  /** As it was given. */
  readonly checkpoint: string;
  readonly precision: Precision;
  readonly macs: number;
  readonly bytes: number;
  /** The task's numbers on the images, of the file in ONNX Runtime. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Of the images that are right, to the first file, with a 95 % interval; of tasks whose images are right or wrong. */
  readonly difference?: Difference;
  readonly latency: Latency;
  /** Images a second, by the median latency. */
  readonly throughput: number;
}

/** Files on the same images and the same machine. The first is what the others are compared with. */
export interface Comparison {
  /** Images. */
  readonly n: number;
  readonly machine: string;
  /** Images of a timed run. */
  readonly batch: number;
  readonly threads?: number;
  /** Numbers of the task that say how good a model is, by key, with what people call them. */
  readonly metrics: Task['metrics'];
  readonly files: readonly ComparedFile[];
}

/**
 * Exports checkpoints in several numbers and measures the files side by side, all in ONNX Runtime: how good they are on the same images,
 * their bytes, and in turn their latency and throughput.
 *
 * @param checkpoints of any kind, see `loadCheckpoint`; the first in the first numbers is what the others are compared with
 * @throws KcrError `CHECKPOINT_*`, `TASK_CLASSES`, `ONNX_CALIBRATION`, `OPTION` for checkpoints of several tasks, and those of reading
 *   the data
 */
export async function compare(
  checkpoints: readonly string[],
  request: EvaluationData,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { calibrate, batch = 1, runs, threads, batchSize = 64, on = () => {} } = options;
  const { precisions = precisionsFor(calibrate) } = options;
  const models: { checkpoint: string; loaded: LoadedModel }[] = [];
  for (const checkpoint of checkpoints) {
    const loaded = await loadCheckpoint(checkpoint, options);
    requireClasses(loaded.model, checkpoint);
    sameTask(models[0]?.loaded, loaded, checkpoint);
    models.push({ checkpoint, loaded });
  }
  const parts: Measured[] = [];
  for (const { checkpoint, loaded } of models) {
    const kit = await findTaskKit(loaded.model);
    const data = await kit.evaluationData(loaded, request, on);
    for (const precision of precisions) {
      const bytes = await exported(loaded, precision, request, options);
      const { numbers, right } = await measure(taskOf(loaded.model), bytes, data, batchSize);
      parts.push({ checkpoint, precision, loaded, bytes, numbers, right, n: data.length });
      on({ type: 'compared', done: parts.length, files: checkpoints.length * precisions.length });
    }
  }
  const files: ExportedFile[] = parts.map(({ bytes, loaded: { model } }) => ({ bytes, model }));
  const latencies = await measureFiles(files, { batch, runs, threads });
  const [first] = parts as [Measured];
  return {
    n: first.n,
    machine: machineText(),
    batch,
    threads,
    metrics: taskOf(first.loaded.model).metrics,
    files: parts.map(({ checkpoint, precision, loaded, bytes, numbers, right }, i) => ({
      checkpoint,
      precision,
      macs: loaded.model.macs.total,
      bytes: bytes.length,
      numbers,
      ...(right.length > 0 && i > 0 ? { difference: paired(right, first.right) } : {}),
      latency: latencies[i]!,
      throughput: (1000 * batch) / latencies[i]!.ms.median,
    })),
  };
}

interface Measured {
  readonly checkpoint: string;
  readonly precision: Precision;
  readonly loaded: LoadedModel;
  readonly bytes: Uint8Array;
  readonly numbers: Readonly<Record<string, number>>;
  /** Of each image, where images are right or wrong. */
  readonly right: readonly boolean[];
  readonly n: number;
}

/** All numbers that need no more than is there. */
const precisionsFor = (calibrate: string | undefined): readonly Precision[] =>
  calibrate === undefined
    ? ['fp32', 'fp16', 'int8-dynamic']
    : ['fp32', 'fp16', 'int8', 'int8-dynamic'];

/** @throws KcrError `OPTION` */
function sameTask(first: LoadedModel | undefined, { model }: LoadedModel, checkpoint: string) {
  if (!first || taskOf(first.model).name === taskOf(model).name) return;
  throw new KcrError('OPTION', {
    where: checkpoint,
    found: `a model of ${taskOf(model).name}, beside one of ${taskOf(first.model).name}`,
    fix: 'Compare checkpoints of one task',
  });
}

async function exported(
  loaded: LoadedModel,
  precision: Precision,
  request: EvaluationData,
  { calibrate, calibration: method, on }: CompareOptions,
): Promise<Uint8Array> {
  const calibration =
    precision === 'int8' && calibrate !== undefined
      ? { images: await calibrationImages(loaded, { ...request, data: calibrate }, { on }), method }
      : undefined;
  return exportCheckpoint(loaded, { precision, calibration });
}

async function measure(task: Task, bytes: Uint8Array, data: ImageSet, batchSize: number) {
  await using file = await openExported(bytes);
  const right: boolean[] = [];
  const numbers = await evaluateTask(task, file, data, batchSize, (is) => right.push(is));
  return { numbers, right };
}

/** The difference of two files' shares of right images. */
function paired(own: readonly boolean[], first: readonly boolean[]): Difference {
  const gained = own.filter((right, i) => right && !first[i]).length;
  const lost = own.filter((right, i) => !right && first[i]).length;
  return pairedDifference({ images: own.length, gained, lost });
}
