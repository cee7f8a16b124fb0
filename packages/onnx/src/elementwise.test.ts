import { float32, type Tensor, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { onOnnx } from './testing/run.ts';

const x = float32([2, 3], [0, 1, 2, 3, 4, 5]);
const row = float32([3], [10, 20, 30]);
const column = float32([2, 1], [100, 200]);
type Given = { x: Tensor; row: Tensor; column: Tensor };

// Full constants and what is made of them stay smaller than their shape, until that is needed.
const cases: [string, (given: Given) => Tensor, number[], number[]][] = [
  ['a row is added to each', (g) => tf.add(g.x, g.row), [2, 3], [10, 21, 32, 13, 24, 35]],
  ['a column too', (g) => tf.add(g.column, g.x), [2, 3], [100, 101, 102, 203, 204, 205]],
  ['a scalar', (g) => tf.sub(10, g.x), [2, 3], [10, 9, 8, 7, 6, 5]],
  ['a scalar and trailing ones', (g) => tf.mul(g.column, 2), [2, 1], [200, 400]],
  ['a full constant', (g) => tf.add(tf.fill([2, 3], 4), g.x), [2, 3], [4, 5, 6, 7, 8, 9]],
  [
    'two full constants',
    () => tf.add(tf.fill([2, 3], 4), tf.fill([2, 3], 2)),
    [2, 3],
    Array(6).fill(6),
  ],
  [
    'a full constant with a row is as large as both',
    (g) => tf.mul(tf.fill([2, 3], 2), g.row),
    [2, 3],
    [20, 40, 60, 20, 40, 60],
  ],
  [
    'and that again with a full map',
    (g) => tf.sub(tf.mul(tf.fill([2, 3], 2), g.row), g.x),
    [2, 3],
    [20, 39, 58, 17, 36, 55],
  ],
  [
    'and that where its whole shape counts',
    (g) => tf.sum(tf.mul(tf.fill([2, 3], 2), g.row), 0),
    [3],
    [40, 80, 120],
  ],
  ['a comparison', (g) => tf.cast(tf.greater(g.x, 2), 'float32'), [2, 3], [0, 0, 0, 1, 1, 1]],
  ['a function of one', (g) => tf.neg(tf.square(g.row)), [3], [-100, -400, -900]],
];
test.each(cases)('%s', async (_, op, shape, data) => {
  const y = await onOnnx({ x, row, column }, op);
  expect([[...y.shape], [...y.data]]).toEqual([shape, data]);
});
