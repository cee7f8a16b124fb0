import { float32, type Tensor, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { rowCount } from './reductions.ts';
import { onOnnx } from './testing/run.ts';

/** 2 x 2 x 3: 0 to 11. */
const x = float32(
  [2, 2, 3],
  Array.from({ length: 12 }, (_, i) => i),
);

describe('a reduction is over its axes', () => {
  const cases: [string, (x: Tensor) => Tensor, number[], number[]][] = [
    ['a sum over all', (t) => tf.sum(t), [], [66]],
    ['a sum over all but the last', (t) => tf.sum(t, [0, 1]), [3], [18, 22, 26]],
    ['a sum over the first', (t) => tf.sum(t, 0), [2, 3], [6, 8, 10, 12, 14, 16]],
    ['a sum over the last', (t) => tf.sum(t, -1), [2, 2], [3, 12, 21, 30]],
    ['a sum that keeps the axes', (t) => tf.sum(t, [0, 1], true), [1, 1, 3], [18, 22, 26]],
    ['a sum over the outer ones', (t) => tf.sum(t, [2, 0]), [2], [24, 42]],
    ['a sum of whole numbers', (t) => tf.sum(tf.cast(t, 'int32'), [0, 1]), [3], [18, 22, 26]],
    ['a mean', (t) => tf.mean(t, 1), [2, 3], [1.5, 2.5, 3.5, 7.5, 8.5, 9.5]],
    ['a maximum', (t) => tf.max(t, [0, 2]), [2], [8, 11]],
    ['a minimum', (t) => tf.min(t, -1), [2, 2], [0, 3, 6, 9]],
    ['the place of the maximum', (t) => tf.argMax(tf.neg(t), 1), [2, 3], [0, 0, 0, 0, 0, 0]],
    ['the place of the minimum', (t) => tf.argMin(tf.neg(t), -1), [2, 2], [2, 2, 2, 2]],
  ];
  test.each(cases)('%s', async (_, op, shape, data) => {
    const y = await onOnnx({ x }, (given) => op(given.x));
    expect([[...y.shape], [...y.data]]).toEqual([shape, data]);
  });
});

test('rows are all sizes but the last', () => {
  const of = (...shape: number[]) => rowCount({ id: 0, dtype: 'float32', shape });
  expect([of(2, 3, 4), of(5), of(1, 7)]).toEqual([6, 1, 1]);
});
