import { makeDim, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { listOf, valuesOf } from '../testing.ts';
import { regionFeatures } from './region-features.ts';

const dim = makeDim('channels', 1);
/** Maps of strides 4, 8 and 16 over 512 x 512 pixels that are 1, 2 and 3. */
const pyramid = () =>
  [4, 8, 16].map((stride, i) => ({
    value: tf.fill([1, 512 / stride, 512 / stride, 1], i + 1),
    dim,
    stride,
  }));
const square = (side: number) => [0, 0, side, side];

test('the level of a region goes by the square root of its area, from 112 pixels on the next', async () => {
  const boxes = [
    ...[square(10), square(55), square(111), square(113), square(223), square(225), square(500)],
    // 56 x 448 pixels have the area of a square of 158.
    [0, 0, 56, 448],
    [5, 5, 5, 5],
  ];
  const found = await listOf(() => regionFeatures(pyramid(), tf.tensor3d([boxes]), 1));
  expect(found).toEqual([1, 1, 1, 2, 2, 3, 3, 2, 1]);
});

test('each region has bins of its own', async () => {
  const { y } = await valuesOf(() => ({
    y: regionFeatures(pyramid(), tf.tensor3d([[square(20), square(300)]]), 2),
  }));
  expect(y.shape).toEqual([2, 2, 2, 1]);
  expect([...y.data]).toEqual([1, 1, 1, 1, 3, 3, 3, 3]);
});
