import type { Model, StateDict } from '@kcr/core';
import { type Spread, speedups, spreadOf, timesInTurn } from '@kcr/core/ground';
import * as ort from 'onnxruntime-node';
import { exportOnnx, INPUT } from './export.ts';
import { openSession } from './session.ts';

export interface LatencyOptions {
  /** Images at once. Default 1. */
  batch?: number;
  /** Timed runs. Default 30. */
  runs?: number;
  /** Threads of one operator. Default: one per core. */
  threads?: number;
}

/** Pixels of no image in particular, as an exported model takes them. */
export function somePixels({ inputShape }: Pick<Model, 'inputShape'>, batch: number): ort.Tensor {
  const [height, width, channels] = inputShape;
  const pixels = new Float32Array(batch * height * width * channels).map((_, i) => Math.sin(i));
  return new ort.Tensor('float32', pixels, [batch, channels, height, width]);
}

/** How long one run of a model takes. */
export interface Latency {
  /** In milliseconds. */
  readonly ms: Spread;
  /** How many times faster than the first model, run by run. */
  readonly speedup: Spread;
}

/** An exported file, and the model whose images it takes. */
export interface ExportedFile {
  readonly bytes: Uint8Array;
  readonly model: Pick<Model, 'inputShape'>;
}

/**
 * How long one run of each file takes on the CPU. The files take turns, so that whatever else the machine does meets all of them
 * alike: ratios of neighbouring runs say more than ratios of medians.
 */
export async function measureFiles(
  files: readonly ExportedFile[],
  { batch = 1, runs = 30, threads }: LatencyOptions = {},
): Promise<Latency[]> {
  const opened: Awaited<ReturnType<typeof openSession>>[] = [];
  try {
    const calls: (() => Promise<unknown>)[] = [];
    for (const { bytes, model } of files) {
      const options = threads === undefined ? {} : { intraOpNumThreads: threads };
      const session = await openSession(bytes, options);
      opened.push(session);
      const input = somePixels(model, batch);
      calls.push(() => session.run({ [INPUT]: input }));
    }
    const times = await timesInTurn(calls, runs);
    const faster = speedups(times);
    return times.map((own, i) => ({ ms: spreadOf(own), speedup: faster[i]! }));
  } finally {
    for (const session of opened) await session[Symbol.asyncDispose]();
  }
}

/** How long one run of each model takes on the CPU, its weights built in and the batch fixed, as by {@link measureFiles}. */
export async function measureLatencies(
  models: readonly { readonly model: Model; readonly weights: StateDict }[],
  options: LatencyOptions = {},
): Promise<Latency[]> {
  const { batch = 1 } = options;
  const files: ExportedFile[] = [];
  for (const { model, weights } of models)
    files.push({ model, bytes: await exportOnnx(model, weights, { batch }) });
  return measureFiles(files, options);
}

/** Median time of one run of a model on the CPU, its weights built in, in milliseconds. */
export async function measureLatency(
  model: Model,
  weights: StateDict,
  options: LatencyOptions = {},
): Promise<number> {
  const [latency] = await measureLatencies([{ model, weights }], options);
  return latency!.ms.median;
}
