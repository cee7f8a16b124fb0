import { sizeOf, type tf, type Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';
import type { KernelLowering } from './lowering.ts';
import { DATA_TYPES } from './proto.ts';

/** Rows of a value: the product of all its sizes but the last. */
export const rowCount = ({ shape }: Value): number => sizeOf(shape.slice(0, -1));

/**
 * The sum over all axes but the last, [d], as a product with a row of ones: a quarter of the time of
 * ReduceSum, which adds row by row.
 *
 * @param x the name of an array of `like`'s shape
 */
export function sumRows(b: OnnxBuilder, x: string, like: Value): string {
  const width = like.shape.at(-1)!;
  const count = rowCount(like);
  const ones = b.node('Expand', [b.scalar(1), b.int64([1, count])]);
  const rows = like.shape.length === 2 ? x : b.reshape(x, [count, width]);
  return b.reshape(b.node('Gemm', [ones, rows]), [width]);
}

/** What a reduction is over; Max alone calls its axes `reductionIndices`. */
interface Axes {
  axis?: number | number[];
  reductionIndices?: number | number[];
}

/** The axes of a reduction, ascending. */
function axesOf({ shape }: Value, { axis, reductionIndices }: Axes): number[] {
  const rank = shape.length;
  return [axis ?? reductionIndices ?? [...Array(rank).keys()]]
    .flat()
    .map((a) => (a < 0 ? a + rank : a))
    .sort((p, q) => p - q);
}

export const reduce =
  (op: string): KernelLowering<'x', Axes> =>
  (b, { x }, attrs, [out]) => {
    const keepdims = out.shape.length === x.shape.length ? 1 : 0;
    return b.node(op, [b.get(x), b.int64(axesOf(x, attrs))], { keepdims });
  };

const reduceSum = reduce('ReduceSum');

/** Sums of float32 over all axes but the last have a faster way on the CPU. */
export const sum: KernelLowering<'x', Axes> = (b, inputs, attrs, outputs) => {
  const { x } = inputs;
  const [out] = outputs;
  const leading =
    out.shape.length === 1 && x.shape.length > 1 && axesOf(x, attrs).at(-1) !== x.shape.length - 1;
  const fixed = !b.dynamicShape(x).includes(undefined);
  return leading && fixed && x.dtype === 'float32' && b.target === 'cpu'
    ? sumRows(b, b.get(x), x)
    : reduceSum(b, inputs, attrs, outputs);
};

export const argReduce =
  (op: string): KernelLowering<'x', tf.ArgMaxAttrs> =>
  (b, { x }, { axis }) => {
    const index = b.node(op, [b.get(x)], { axis, keepdims: 0 });
    return b.node('Cast', [index], { to: DATA_TYPES.int32 });
  };
