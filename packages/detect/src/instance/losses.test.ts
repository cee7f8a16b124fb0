import { type Tensor, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { close, engines, expectClose, fixture, listOf, runOn } from '../testing.ts';
import { binaryCrossEntropy, smoothL1, weightedMean } from './losses.ts';

const { differences, smooth_l1, bce } = await fixture('head_ops');

test.each(Object.entries(engines))("on %s they are PyTorch's", async (_, makeEngine) => {
  const op = (inputs: Record<string, Tensor>) => ({
    smooth: smoothL1(inputs.x!),
    cross: binaryCrossEntropy(inputs.x!, tf.cast(tf.greater(inputs.x!, 1), 'float32')),
  });
  const { smooth, cross } = await runOn(makeEngine, op, { x: differences! });
  expectClose(smooth!, smooth_l1!, 1e-4);
  expectClose(cross!, bce!, 1e-4);
});

test('by hand: squared below 1, else the size less a half', async () => {
  const found = await listOf(() => smoothL1(tf.tensor1d([0, 0.5, -0.5, 1, -3])));
  expect(found).toEqual(close([0, 0.125, 0.125, 0.5, 2.5]));
});

test('by hand: cross-entropy of yes and no, also where the logit is large', async () => {
  const found = await listOf(() =>
    binaryCrossEntropy(tf.tensor1d([0, 2, 2, -2, 80]), tf.tensor1d([1, 1, 0, 0.25, 1])),
  );
  const log = (x: number) => Math.log(1 + Math.exp(-x));
  expect(found).toEqual(close([Math.LN2, log(2), 2 + log(2), 0.25 * 2 + log(2), 0]));
});

test('a weighted mean is over the weights, or others, and at least over 1', async () => {
  const mean = (weights: number[], over?: number[]) =>
    listOf(() =>
      weightedMean(tf.tensor1d([4, 8, 100]), tf.tensor1d(weights), over && tf.tensor1d(over)),
    );
  expect(await mean([1, 1, 0])).toEqual([6]);
  expect(await mean([1, 1, 0], [1, 1, 1])).toEqual([4]);
  expect(await mean([0.5, 0, 0])).toEqual([2]);
  expect(await mean([0, 0, 0])).toEqual([0]);
});
