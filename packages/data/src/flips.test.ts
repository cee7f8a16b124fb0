import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { horizontalFlip, transpose, verticalFlip } from './flips.ts';
import { counted, draws, grey } from './testing.ts';

const generator = new Generator(1);
const square = grey([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9],
]);

test.each([
  ['left and right', horizontalFlip, [3, 2, 1, 6, 5, 4, 9, 8, 7]],
  ['top and bottom', verticalFlip, [7, 8, 9, 4, 5, 6, 1, 2, 3]],
  ['rows and columns', transpose, [1, 4, 7, 2, 5, 8, 3, 6, 9]],
])('%s change places, and a second time back', (_, flip, expected) => {
  const flipped = flip(1)(square, generator);
  expect([...flipped.data]).toEqual(expected);
  expect(flip(1)(flipped, generator)).toEqual(square);
});

test('the channels of a pixel stay together, in images that are no squares', () => {
  const image = counted(2, 3, 2);
  expect([...horizontalFlip(1)(image, generator).data]).toEqual([
    5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8,
  ]);
  expect([...verticalFlip(1)(image, generator).data]).toEqual([
    7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6,
  ]);
  expect(transpose(1)(image, generator)).toBe(image);
});

test.each([horizontalFlip, verticalFlip, transpose])('as often as asked for', (flip) => {
  const changed = (p: number) =>
    draws(400, (own) => flip(p)(square, own)).filter((found) => found !== square).length;
  expect(changed(0)).toBe(0);
  expect(changed(1)).toBe(400);
  // 100 on average, 9 the standard deviation.
  expect(Math.abs(changed(0.25) - 100)).toBeLessThan(50);
});
