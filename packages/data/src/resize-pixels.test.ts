import { describe, expect, test } from 'vitest';
import type { Pixels } from './image.ts';
import { resizePixels } from './resize-pixels.ts';
import { counted, grey } from './testing.ts';

const filled = (height: number, width: number, colour: readonly number[]): Pixels => ({
  data: Uint8Array.from({ length: height * width * 3 }, (_, i) => colour[i % 3]!),
  shape: [height, width, 3],
});
const ramp = grey(Array.from({ length: 4 }, () => [0, 40, 80, 120, 160, 200]));

test('to the same size gives the image itself', async () => {
  const image = counted(4, 6, 3);
  expect(await resizePixels(image, 4, 6)).toBe(image);
});

test.each([
  [8, 12],
  [2, 3],
  [8, 3],
  [2, 12],
  [5, 7],
  [1, 1],
])(
  'to %i x %i: even images stay even, and a ramp keeps its mean and its direction',
  async (height, width) => {
    const even = await resizePixels(filled(4, 6, [40, 90, 200]), height, width);
    expect(even).toEqual(filled(height, width, [40, 90, 200]));
    const { data, shape } = await resizePixels(ramp, height, width);
    expect(shape).toEqual([height, width, 1]);
    const row = [...data.slice(0, width)];
    expect(row).toEqual(row.toSorted((a, b) => a - b));
    // Centred: the mean is the middle of the ramp, and both ends are as far from it.
    expect(Math.abs(row.reduce((a, b) => a + b) / width - 100)).toBeLessThan(1);
    expect(Math.abs(row[0]! + row.at(-1)! - 200)).toBeLessThanOrEqual(2);
    for (let y = 0; y < height; y++)
      expect([...data.slice(y * width, (y + 1) * width)]).toEqual(row);
  },
);

describe('by hand', () => {
  // PyTorch's interpolate(mode='bilinear', align_corners=False).
  test('larger images lie between the centres of pixels', async () => {
    const wide = await resizePixels(grey([[0, 100]]), 1, 4);
    expect([...wide.data]).toEqual([0, 25, 75, 100]);
    const tall = await resizePixels(grey([[0], [100]]), 4, 1);
    expect([...tall.data]).toEqual([0, 25, 75, 100]);
    const both = await resizePixels(
      grey([
        [0, 100],
        [100, 200],
      ]),
      4,
      4,
    );
    expect([...both.data]).toEqual(
      [
        [0, 25, 75, 100],
        [25, 50, 100, 125],
        [75, 100, 150, 175],
        [100, 125, 175, 200],
      ].flat(),
    );
  });

  test('smaller images are means with the weights of a triangle', async () => {
    // (3 (80 + 120) + (40 + 160)) / 8 in the middle, (3 (0 + 40) + (0 + 80)) / 8 at the border.
    const { data } = await resizePixels(ramp, 4, 3);
    expect([...data.slice(0, 3)]).toEqual([25, 100, 175]);
  });

  test('one axis may become longer and the other shorter', async () => {
    const { data } = await resizePixels(ramp, 8, 3);
    expect([...data]).toEqual(Array(8).fill([25, 100, 175]).flat());
  });

  test('channels are resized each by itself', async () => {
    const image: Pixels = { data: Uint8Array.of(0, 10, 200, 100, 30, 0), shape: [1, 2, 3] };
    const { data } = await resizePixels(image, 1, 4);
    expect([...data]).toEqual([0, 10, 200, 25, 15, 150, 75, 25, 50, 100, 30, 0]);
  });
});
