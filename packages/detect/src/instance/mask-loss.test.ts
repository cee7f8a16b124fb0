import { tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { listOf } from '../testing.ts';
import { maskLoss, masksOfClass } from './mask-loss.ts';

/** Two regions of 1 x 2 pixels and two classes, classes last. */
const logits = () => tf.tensor4d([1, 10, 2, 20, 3, 30, -4, 40], [2, 1, 2, 2]);
const oneHot = () =>
  tf.tensor2d([
    [0, 1],
    [1, 0],
  ]);

test("each region's mask of its own class", async () => {
  expect(await listOf(() => masksOfClass(logits(), oneHot()))).toEqual([10, 20, 3, -4]);
});

test('by hand: the mean over the pixels of the regions that count', async () => {
  const loss = async (weights: number[]) => {
    const targets = tf.tensor2d([
      [1, 1],
      [1, 0],
    ]);
    const [found] = await listOf(() =>
      maskLoss(logits(), targets, oneHot(), tf.tensor2d([weights])),
    );
    return found;
  };
  const log = (x: number) => Math.log(1 + Math.exp(-x));
  const [first, second] = [(log(10) + log(20)) / 2, (log(3) + log(4)) / 2];
  expect(await loss([1, 1])).toBeCloseTo((first + second) / 2, 6);
  expect(await loss([0, 1])).toBeCloseTo(second, 6);
  expect(await loss([0, 0])).toBe(0);
});
