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
  at = 0;
  const exchanged = arrays.map(
    ([
      name,
      {
        shape,
        data: { length },
      },
    ]): [string, NdArray] => {
      const data = all.slice(at, at + length);
      at += length;
      return [
        name,
        {
          dtype: 'float32',
          shape,
          data: isMean.has(name) ? scaled(data, 1 / communicator.size) : data,
        },
      ];
    },
  );
  engine.set(Object.fromEntries(exchanged));
}

function scaled(data: Float32Array, factor: number): Float32Array {
  for (let i = 0; i < data.length; i++) data[i]! *= factor;
  return data;
}
