import type { Value } from '@kcr/core';
import type { OnnxBuilder } from './builder.ts';

/**
 * The sum over all axes but the last, [d], as a product with a row of ones: a quarter of the time of
 * ReduceSum, which adds row by row.
 *
 * @param x the name of an array of `like`'s shape
 */
export function sumRows(b: OnnxBuilder, x: string, like: Value): string {
  const width = like.shape.at(-1)!;
  const count = like.shape.slice(0, -1).reduce((p, n) => p * n, 1);
  const ones = b.node('Expand', [b.scalar(1), b.int64([1, count])]);
  const rows = like.shape.length === 2 ? x : b.node('Reshape', [x, b.int64([count, width])]);
  return b.node('Reshape', [b.node('Gemm', [ones, rows]), b.int64([width])]);
}
