import { type Tensor, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { engines, expectClose, fixture, last, listOf, runOn } from '../testing.ts';
import { segmentationLoss } from './segmentation-loss.ts';

const { logits, labels, loss } = await fixture('head_ops');

test.each(Object.entries(engines))(
  "on %s it is PyTorch's cross_entropy of resized logits",
  async (_, makeEngine) => {
    const op = (inputs: Record<string, Tensor>) => ({
      y: segmentationLoss(last(inputs.logits!), inputs.labels!),
    });
    const { y } = await runOn(makeEngine, op, { logits: logits!, labels: labels! });
    expectClose(y!, loss!, 1e-4);
  },
);

const of = async (own: number[], rows: number[][]) => {
  const found = await listOf(() =>
    segmentationLoss(tf.tensor4d([[rows]]), tf.tensor3d([[own]], [1, 1, own.length], 'int32')),
  );
  return found[0];
};
const surprise = (x: number[], k: number) =>
  Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0)) - x[k]!;

test('by hand: the mean over the pixels that count', async () => {
  const [a, b] = [
    [1, -1, 0.5],
    [0, 2, -2],
  ];
  expect(await of([0, 2], [a!, b!])).toBeCloseTo((surprise(a!, 0) + surprise(b!, 2)) / 2, 5);
  expect(await of([0, 255], [a!, b!])).toBeCloseTo(surprise(a!, 0), 5);
  expect(await of([255, 255], [a!, b!])).toBe(0);
});

test('large logits have a finite loss', async () => {
  expect(await of([1], [[1000, 0, -1000]])).toBeCloseTo(1000, 3);
});
