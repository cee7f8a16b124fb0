import type { Communicator } from '../engine/communicator.ts';
import type { Engine } from '../engine/engine.ts';
import type { NdArray } from '../ground/array.ts';

/** Arrays of an engine's state that processes exchange: float32, of the same names and shapes in each. */
export interface Exchanged {
  /** Those that are added up, such as gradients. */
  readonly sums: readonly string[];
  /** Those of which the mean is taken, such as running statistics. */
  readonly means: readonly string[];
}

/** Replaces arrays of an engine by their sums or means over the processes, in one message. */
export async function exchange(
  engine: Engine,
  communicator: Communicator,
  { sums, means }: Exchanged,
): Promise<void> {
  const arrays = Object.entries(await engine.get([...sums, ...means]));
  const all = new Float32Array(arrays.reduce((n, [, { data }]) => n + data.length, 0));
  let at = 0;
  for (const [, { data }] of arrays) {
    all.set(data, at);
    at += data.length;
  }
  await communicator.allReduce(all);
  const isMean = new Set(means);
  const exchanged: Record<string, NdArray> = {};
  at = 0;
  for (const [name, { shape, data }] of arrays) {
    const sum = all.slice(at, at + data.length);
    at += data.length;
    const own = isMean.has(name) ? sum.map((x) => x / communicator.size) : sum;
    exchanged[name] = { dtype: 'float32', shape, data: own };
  }
  engine.set(exchanged);
}
