import { type Tensor, tf } from '../tf.ts';
import { defineComposite } from './composite.ts';

interface Indices {
  indices: readonly number[];
  /** Channels of the wide side. */
  size: number;
}

/**
 * Keeps channels of the last axis. [..., size] -> [..., indices.length].
 * Its gradient is {@link putChannels}; no scatter is needed because indices are distinct.
 */
export const takeChannels = (x: Tensor, indices: readonly number[]): Tensor =>
  takeOp({ x }, { indices, size: x.shape.at(-1)! })[0]!;

/** Places channels among `size`, zeros elsewhere. [..., indices.length] -> [..., size]. */
export const putChannels = (x: Tensor, indices: readonly number[], size: number): Tensor =>
  putOp({ x }, { indices, size })[0]!;

const takeOp = defineComposite<Indices>({
  name: 'TakeChannels',
  shapes: ({ x }, { indices }) => [
    { shape: x!.shape.with(-1, (indices as number[]).length), dtype: 'float32' },
  ],
  compute: ({ x }, { indices }) => [tf.gather(x!, tf.tensor1d([...indices], 'int32'), x!.rank - 1)],
  gradient: ([dy], _, { indices, size }) => ({ x: () => putChannels(dy!, indices, size) }),
});

const putOp = defineComposite<Indices>({
  name: 'PutChannels',
  shapes: ({ x }, { size }) => [{ shape: x!.shape.with(-1, size as number), dtype: 'float32' }],
  compute: ({ x }, { indices, size }) => {
    const zero = tf.zeros([...x!.shape.slice(0, -1), 1]);
    const source = tf.tensor1d(channelSources(indices, size), 'int32');
    return [tf.gather(tf.concat([x!, zero], x!.rank - 1), source, x!.rank - 1)];
  },
  gradient: ([dy], _, { indices }) => ({ x: () => takeChannels(dy!, indices) }),
});

/** For each of `size` channels, its position among `indices`, or `indices.length` where it is absent. */
export function channelSources(indices: readonly number[], size: number): number[] {
  const sources = Array<number>(size).fill(indices.length);
  indices.forEach((channel, position) => {
    sources[channel] = position;
  });
  return sources;
}
