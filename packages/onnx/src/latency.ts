import type { Model, StateDict } from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { exportOnnx, INPUT } from './export.ts';
import { openSession } from './session.ts';

export interface LatencyOptions {
  /** Images at once. Default 1. */
  batch?: number;
  /** Timed runs; the median is given. Default 30. */
  runs?: number;
  /** Threads of one operator. Default: one per core. */
  threads?: number;
}

/** Median time of one run of a model on the CPU, its weights built in, in milliseconds. */
export async function measureLatency(
  model: Model,
  weights: StateDict,
  { batch = 1, runs = 30, threads }: LatencyOptions = {},
): Promise<number> {
  const bytes = await exportOnnx(model, weights, { batch });
  const [height, width, channels] = model.inputShape;
  const options = threads === undefined ? {} : { intraOpNumThreads: threads };
  await using session = await openSession(bytes, options);
  const size = batch * height * width * channels;
  const pixels = new Float32Array(size).map((_, i) => Math.sin(i));
  const input = new ort.Tensor('float32', pixels, [batch, channels, height, width]);
  const times: number[] = [];
  for (let i = 0; i < runs + 3; i++) {
    const start = performance.now();
    await session.run({ [INPUT]: input });
    if (i >= 3) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
