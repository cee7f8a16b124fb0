import { expect, test } from 'vitest';
import { poolPixels } from './pooled-pixels.ts';

const image = (height: number, width: number, value: (y: number, x: number) => number) => ({
  dtype: 'float32' as const,
  shape: [1, height, width, 1],
  data: Float32Array.from({ length: height * width }, (_, i) =>
    value(Math.floor(i / width), i % width),
  ),
});

test('cells are means of their pixels, also where the grid does not divide the image', () => {
  expect(
    Array.from(
      poolPixels(
        image(4, 4, (y, x) => 4 * y + x),
        2,
      ).data,
    ),
  ).toEqual([2.5, 4.5, 10.5, 12.5]);
  expect(
    Array.from(
      poolPixels(
        image(5, 7, () => 3),
        2,
      ).data,
    ),
  ).toEqual([3, 3, 3, 3]);
});

test('a small image keeps its pixels', () => {
  const small = poolPixels(
    image(2, 3, (y, x) => 10 * y + x),
    16,
  );
  expect(Array.from(small.data)).toEqual([0, 1, 2, 10, 11, 12]);
});
