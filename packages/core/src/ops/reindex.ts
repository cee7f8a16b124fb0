import { int32 } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { constant } from '../trace/tracer.ts';
import { defineOp } from './op.ts';

interface Reindexing {
  /** For each slice of the output, the one of the input it is, or -1 for zeros. */
  sources: readonly number[];
  axis: number;
}

export const reindexOp = defineOp({
  name: 'Reindex',
  inputs: ['x'],
  saved: ['x'],
  compute: ({ x }, { sources, axis }: Reindexing) => {
    const size = x.shape[axis]!;
    const zero = tf.zeros(x.shape.with(axis, 1));
    const padded = sources.includes(-1) ? tf.concat([x, zero], axis) : x;
    const indices = sources.map((source) => (source < 0 ? size : source));
    return tf.gather(padded, constant(int32([indices.length], indices)), axis);
  },
  gradient: ({ dy, x }, { sources, axis }) => ({
    x: () => reindex(dy, inverse(sources, x.shape[axis]!), axis),
  }),
  shapes: ({ x }, { sources, axis }) => ({ ...x, shape: x.shape.with(axis, sources.length) }),
});

/**
 * Moves the slices of an axis: takes some, permutes them, or spreads them among zeros.
 *
 * @param sources for each slice of the output, the index of the one of `x` it is, or -1 for zeros; no
 *   slice may be used twice, so that the gradient is a reindexing again
 * @param axis may be negative
 */
export function reindex(x: Tensor, sources: readonly number[], axis: number): Tensor {
  return reindexOp({ x }, { sources, axis: axis < 0 ? axis + x.rank : axis });
}

/** The sources that undo a reindexing of `size` slices, with zeros for those that it left out. */
export function inverse(sources: readonly number[], size: number): number[] {
  const back = Array<number>(size).fill(-1);
  sources.forEach((source, i) => {
    if (source >= 0) back[source] = i;
  });
  return back;
}
