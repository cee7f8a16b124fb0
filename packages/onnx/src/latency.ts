import * as ort from 'onnxruntime-node';

export interface LatencyOptions {
  /** Images at once. Default 1. */
  batch?: number;
  /** Timed runs; the median is given. Default 30. */
  runs?: number;
  /** Threads of one operator. Default: one per core. */
  threads?: number;
}

/**
 * Median time of one run of an exported model on the CPU, in milliseconds.
 *
 * @param bytes from {@link exportOnnx}
 * @param shape [height, width, channels]
 */
export async function measureLatency(
  bytes: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
  { batch = 1, runs = 30, threads }: LatencyOptions = {},
): Promise<number> {
  const options = threads === undefined ? {} : { intraOpNumThreads: threads };
  const session = await ort.InferenceSession.create(bytes, options);
  const size = batch * height * width * channels;
  const pixels = new Float32Array(size).map((_, i) => Math.sin(i));
  const input = new ort.Tensor('float32', pixels, [batch, channels, height, width]);
  const times: number[] = [];
  for (let i = 0; i < runs + 3; i++) {
    const start = performance.now();
    await session.run({ input });
    if (i >= 3) times.push(performance.now() - start);
  }
  await session.release();
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}
