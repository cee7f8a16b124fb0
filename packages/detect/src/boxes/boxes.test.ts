import { float32, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import {
  boxesOf,
  close,
  engines,
  expectClose,
  fixture,
  listOf,
  runOn,
  valuesOf,
} from '../testing.ts';
import { boxArea, boxColumns, boxIou, clipBoxes } from './boxes.ts';

const tensors = await fixture('detection_ops');
const [reference, proposals] = [tensors['box.reference']!, tensors['box.proposals']!];

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test("IoU is torchvision's", async () => {
    const op = ({ a, b }: Record<string, tf.Tensor>) => ({ y: boxIou(a!, b!) });
    const { y } = await runOn(makeEngine, op, { a: reference, b: proposals });
    expectClose(y!, tensors['box.iou']!, 1e-5);
  });

  test('clipped boxes lie in the image', async () => {
    const op = ({ a }: Record<string, tf.Tensor>) => ({ y: clipBoxes(a!, 60, 50) });
    const { y } = await runOn(makeEngine, op, { a: reference });
    reference.data.forEach((x, i) =>
      expect(y!.data[i]).toBe(Math.min(Math.max(x, 0), i % 2 === 0 ? 50 : 60)),
    );
  });
});

const boxes = boxesOf([
  [0, 0, 4, 2],
  [2, 1, 6, 3],
  [5, 5, 5, 9],
]);
const tensor = () => tf.tensor2d(Array.from(boxes.data), [3, 4]);

test('by hand: columns and areas', async () => {
  const values = await valuesOf(() => {
    const [left, top, right, bottom] = boxColumns(tensor());
    return { left, top, right, bottom, area: boxArea(tensor()) };
  });
  const lists = Object.values(values).map(({ shape, data }) => [shape, [...data]]);
  expect(lists).toEqual(
    [
      [0, 2, 5],
      [0, 1, 5],
      [4, 6, 5],
      [2, 3, 9],
      [8, 8, 0],
    ].map((column) => [[3, 1], column]),
  );
});

test('by hand: the IoU of each pair, 0 with empty boxes', async () => {
  // The first two share 2 x 1 of 14.
  expect(await listOf(() => boxIou(tensor(), tensor()))).toEqual(
    close([1, 1 / 7, 0, 1 / 7, 1, 0, 0, 0, 0]),
  );
});

test('each image has its own pairs', async () => {
  const { y } = await valuesOf(() => {
    const two = tf.stack([tensor(), tf.add(tensor(), 100)]);
    return { y: boxIou(two, tf.slice(two, [0, 0, 0], [-1, 1, -1])) };
  });
  expect(y).toEqual({ ...float32([2, 3, 1]), data: y.data });
  expect([...y.data]).toEqual(close([1, 1 / 7, 0, 1, 1 / 7, 0]));
});
