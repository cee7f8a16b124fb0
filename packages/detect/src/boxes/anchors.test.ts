import { expect, test } from 'vitest';
import { fixture } from '../testing.ts';
import { anchorBoxes } from './anchors.ts';

const rowsOf = (data: ArrayLike<number>) =>
  Array.from({ length: data.length / 4 }, (_, i) => Array.from(data).slice(4 * i, 4 * i + 4));

test("anchors are torchvision's", async () => {
  const tensors = await fixture('detection_ops');
  const level = (stride: number, size: number) => ({
    height: 128 / stride,
    width: 160 / stride,
    sizes: [size],
    stride: [stride, stride] as const,
  });
  const found = anchorBoxes([level(8, 32), level(16, 64), level(32, 128)], [0.5, 1, 2]);
  expect(found).toEqual(
    tensors['anchors.sizes32_64_128.ratios0.5_1_2.image128x160.strides8_16_32'],
  );
});

test('by hand: ratios are height : width, around 0', () => {
  const level = { height: 1, width: 1, stride: [8, 8] as const, sizes: [32] };
  expect(rowsOf(anchorBoxes([level], [0.5, 1, 2]).data)).toEqual([
    [-23, -11, 23, 11],
    [-16, -16, 16, 16],
    [-11, -23, 11, 23],
  ]);
});

test('row by row, and at each position all sizes of a ratio; steps down and right may differ', () => {
  const level = { height: 2, width: 2, stride: [10, 100] as const, sizes: [2, 4] };
  const centres = rowsOf(anchorBoxes([level], [1]).data).map(([a, b, c, d]) => [
    (a! + c!) / 2,
    (b! + d!) / 2,
    c! - a!,
  ]);
  expect(centres).toEqual([
    [0, 0, 2],
    [0, 0, 4],
    [100, 0, 2],
    [100, 0, 4],
    [0, 10, 2],
    [0, 10, 4],
    [100, 10, 2],
    [100, 10, 4],
  ]);
});

// As PyTorch rounds: halves to the even number.
test.each([
  [3, 2],
  [5, 2],
  [7, 4],
  [8, 4],
])('a square of %i reaches to %i', (size, reach) => {
  const level = { height: 1, width: 1, stride: [1, 1] as const, sizes: [size] };
  expect([...anchorBoxes([level], [1]).data]).toEqual([-reach, -reach, reach, reach]);
});

test('levels come one after another; no level has no anchors', () => {
  const level = (size: number) => ({ height: 1, width: 2, stride: [1, 1] as const, sizes: [size] });
  expect(anchorBoxes([level(2), level(4)], [1, 2]).shape).toEqual([8, 4]);
  expect(anchorBoxes([], [1]).shape).toEqual([0, 4]);
});
