import { tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { listOf } from '../testing.ts';
import { ofClass, oneHotOf } from './of-class.ts';

const oneHot = () => oneHotOf(tf.tensor2d([[1, -1, 0]]), tf.tensor2d([[0, 1]]));

test('labels as rows with a 1, zeros for labels below 0', async () => {
  expect(await listOf(oneHot)).toEqual([0, 1, 0, 0, 1, 0]);
});

test("each region's own row; one for all is everybody's", async () => {
  const values = () => tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [3, 2, 2]);
  expect(await listOf(() => ofClass(values(), oneHot()))).toEqual([3, 4, 0, 0, 9, 10]);
  const one = () => tf.slice(values(), [0, 0, 0], [-1, 1, -1]);
  expect(await listOf(() => ofClass(one(), oneHot()))).toEqual([1, 2, 5, 6, 9, 10]);
});
