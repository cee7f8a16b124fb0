import { type CocoBox, type CocoObject, rleFromMask } from '@kcr/data';
import { expect, test } from 'vitest';
import { overlap } from './overlap.ts';

const object = (box: CocoBox, more: Partial<CocoObject> = {}): CocoObject => ({
  image: 1,
  category: 1,
  score: 1,
  area: 0,
  crowd: false,
  box,
  ...more,
});
const mask = (...pixels: number[]) => rleFromMask(pixels, 2, 4);

// Boxes are [x, y, width, height].
test.each<[string, CocoBox, CocoBox, number, number]>([
  ['the same', [1, 1, 4, 2], [1, 1, 4, 2], 1, 1],
  ['a part of each', [0, 0, 4, 2], [2, 1, 4, 2], 2 / 14, 2 / 8],
  ['one inside', [1, 1, 2, 2], [0, 0, 4, 4], 4 / 16, 1],
  ['beside each other', [0, 0, 2, 2], [2, 0, 2, 2], 0, 0],
  ['apart', [0, 0, 1, 1], [5, 5, 1, 1], 0, 0],
  ['without an area', [1, 1, 0, 0], [0, 0, 4, 4], 0, 0],
])('boxes: %s, and over the own area for a crowd', (_, a, b, iou, inCrowd) => {
  expect(overlap(object(a), object(b))).toBeCloseTo(iou, 12);
  expect(overlap(object(b), object(a))).toBeCloseTo(iou, 12);
  expect(overlap(object(a), object(b, { crowd: true }))).toBeCloseTo(inCrowd, 12);
});

test('masks where both have one, whatever their boxes are', () => {
  const box: CocoBox = [0, 0, 4, 2];
  const [a, b] = [mask(1, 1, 0, 0, 1, 0, 0, 0), mask(0, 1, 1, 0, 0, 1, 1, 0)];
  const [own, other] = [object(box, { mask: a }), object([9, 9, 1, 1], { mask: b })];
  expect(overlap(own, other)).toBeCloseTo(1 / 6, 12);
  expect(overlap(own, { ...other, crowd: true })).toBeCloseTo(1 / 3, 12);
  expect(overlap(own, object(box, { mask: mask(0, 0, 0, 1, 0, 0, 0, 1) }))).toBe(0);
  // With a mask on one side alone boxes are compared.
  expect(overlap(own, object(box))).toBe(1);
});
