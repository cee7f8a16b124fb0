import { expect, test } from 'vitest';
import { affineTransform, rotate } from './affine-transform.ts';
import { counted, grey } from './testing.ts';

test('geometry: a move by whole pixels is exact, and so is a turn by 90 degrees', () => {
  expect([...affineTransform(counted(6, 8, 3), [1, 0, 0, 0, 1, 0]).data]).toEqual([
    ...counted(6, 8, 3).data,
  ]);
  const rows = grey([
    [1, 2, 3],
    [4, 5, 6],
    [7, 8, 9],
  ]);
  expect([...affineTransform(rows, [1, 0, 1, 0, 1, 0]).data]).toEqual([
    2, 3, 128, 5, 6, 128, 8, 9, 128,
  ]);
  expect([...rotate(rows, 90).data]).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7]);
  expect([...rotate(rows, 360).data]).toEqual([...rows.data]);
});

test('between pixels values are linear', () => {
  const rows = grey([
    [0, 100],
    [200, 60],
  ]);
  // The middle of all four, and what is beyond is grey.
  expect(affineTransform(rows, [1, 0, 0.5, 0, 1, 0.5]).data[0]).toBe(90);
  expect(affineTransform(rows, [1, 0, 0.25, 0, 1, 0]).data[0]).toBe(25);
  expect(affineTransform(rows, [1, 0, 0, 0, 1, 0.5]).data[2]).toBe(164);
  // A shear reads further right in lower rows.
  expect([...affineTransform(rows, [1, 1, 0, 0, 1, 0]).data]).toEqual([0, 100, 60, 128]);
});

test('values are rounded as Math.round does, also where a half is missed by the smallest step', () => {
  for (let half = 0.5; half < 256; half++)
    for (const step of [-1, 0, 1]) {
      // The next number of 64 bits: shares of the first bit after the point.
      const value = half * (1 + step * Number.EPSILON * (step < 0 ? 0.5 : 1));
      expect(Math.trunc(value + 0.49999999999999994)).toBe(Math.round(value));
    }
});
