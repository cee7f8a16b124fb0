import type { Communicator } from '../engine/communicator.ts';
import type { Engine } from '../engine/engine.ts';
import type { NdArray } from '../ground/array.ts';
import type { EngineArrays } from './engine-arrays.ts';

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

/**
 * Replaces the arrays of a trainer in every process by those of the first. After the same updates they are the same, unless processors of
 * several kinds compute them: then they would drift apart by roundings.
 */
export async function alignWithFirst(
  arrays: EngineArrays,
  communicator: Communicator,
): Promise<void> {
  if (communicator.size === 1) return;
  const own = await arrays.get();
  const aligned: Record<string, NdArray> = {};
  for (const [name, array] of Object.entries(own)) {
    if (array.dtype !== 'float32') continue;
    // A sum to which the others give nothing.
    const data = communicator.rank === 0 ? array.data.slice() : new Float32Array(array.data.length);
    await communicator.allReduce(data as Float32Array);
    aligned[name] = { ...array, data };
  }
  arrays.put(aligned);
}
