import { tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { valuesOf } from '../testing.ts';
import { boxLosses } from './box-losses.ts';

const logits = [
  [2, 0, -1],
  [0, 1, 0.5],
  [1, 1, 3],
];
/** The first region finds class 1, the second is background, the third is not in the sample. */
const labels = [1, -1, -1];
const boxes = [
  [0, 0, 10, 10],
  [5, 5, 15, 15],
  [0, 0, 1, 1],
];
const goal = [
  [5, 0, 15, 10],
  [5, 5, 15, 15],
  [0, 0, 1, 1],
];

const lossesOf = (weights: number[], classes = 2) =>
  valuesOf(() => {
    const own = {
      object: tf.zeros([1, 3], 'int32'),
      boxes: tf.tensor3d([goal]),
      labels: tf.tensor2d([labels]),
      positive: tf.tensor2d([labels.map((label) => Number(label >= 0))]),
      negative: tf.tensor2d([labels.map((label) => Number(label < 0))]),
    };
    // Deltas of class 0 are far off, and do not count.
    const each = [
      [9, 9, 9, 9],
      [0.25, 0, 0.5, 0],
    ].slice(-classes);
    const deltas = tf.tensor3d([each, each, each]);
    const sample = { boxes: tf.tensor3d([boxes]), own, weights: tf.tensor2d([weights]) };
    return boxLosses(
      { logits: tf.tensor2d(logits), deltas },
      sample,
      tf.tensor2d([[0, 1]]),
      [1, 1, 1, 1],
    );
  });

const surprise = (i: number, k: number) =>
  Math.log(logits[i]!.reduce((sum, x) => sum + Math.exp(x), 0)) - logits[i]![k]!;

// The goal is a shift by half a width: |0.25 - 0.5| + |0.5|.
test.each([
  ['one box for each class', 2],
  ['one for all', 1],
])('by hand, %s: means over the regions of the sample', async (_, classes) => {
  const { classLoss, boxLoss } = await lossesOf([1, 1, 0], classes);
  // The background is the last class.
  expect(classLoss.data[0]).toBeCloseTo((surprise(0, 1) + surprise(1, 2)) / 2, 5);
  expect(boxLoss.data[0]).toBeCloseTo(0.75 / 2, 5);
});

test('an empty sample has no loss', async () => {
  const { classLoss, boxLoss } = await lossesOf([0, 0, 0]);
  expect([classLoss.data[0], boxLoss.data[0]]).toEqual([0, 0]);
});
