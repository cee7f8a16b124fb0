import { tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { close, valuesOf } from '../testing.ts';
import { type DetectionConfig, detect } from './detections.ts';

const config: DetectionConfig = { score_thr: 0.3, nms_threshold: 0.5, max_per_img: 4 };
const boxes = [
  [0, 0, 10, 10],
  [1, 0, 11, 10],
  [30, 30, 60, 40],
];
const scores = [
  [0.9, 0.2],
  [0.8, 0.7],
  [0.1, 0.6],
];
/** Each image's detections that have a score, as [score, label, box]. */
async function found(each: number[][][], own = scores, options = config) {
  const images = 1;
  const values = await valuesOf(() => ({
    ...detect(tf.tensor4d([each]), tf.tensor3d([own]), [50, 50], options),
  }));
  expect(values.scores.shape).toEqual([images, Math.min(options.max_per_img, own.length * 2)]);
  return [...values.scores.data].flatMap((score, i) =>
    score > 0
      ? [[score, values.labels.data[i]!, ...values.boxes.data.slice(4 * i, 4 * i + 4)]]
      : [],
  );
}
const one = boxes.map((box) => [box]);

test('by hand: best first, without those below the score or under a better one of their class', async () => {
  expect(await found(one)).toEqual([
    close([0.9, 0, 0, 0, 10, 10]),
    // The second box is under the first one in class 0, not in class 1.
    close([0.7, 1, 1, 0, 11, 10]),
    // It is cut at the border of 50 pixels.
    close([0.6, 1, 30, 30, 50, 40]),
  ]);
});

test('at most so many', async () => {
  const found2 = await found(one, scores, { ...config, max_per_img: 2 });
  expect(found2.map(([score]) => score)).toEqual(close([0.9, 0.7]));
});

test('each class has boxes of its own, where there are as many', async () => {
  // Class 1 has its boxes 20 pixels further down.
  const each = boxes.map((box) => [box, box.map((x, i) => (i % 2 ? x + 20 : x))]);
  expect(await found(each)).toEqual([
    close([0.9, 0, 0, 0, 10, 10]),
    close([0.7, 1, 1, 20, 11, 30]),
    close([0.6, 1, 30, 50, 50, 50]),
  ]);
});

test('a score at the threshold is not enough', async () => {
  expect(
    await found(
      one,
      [
        [0.25, 0],
        [0, 0.5],
        [0, 0],
      ],
      { ...config, score_thr: 0.25 },
    ),
  ).toEqual([close([0.5, 1, 1, 0, 11, 10])]);
  expect(
    await found(one, [
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
  ).toEqual([]);
});
