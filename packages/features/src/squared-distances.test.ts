import { expect, test } from 'vitest';
import { squaredDistances } from './squared-distances.ts';
import { normal, rowsOf } from './testing.ts';

test('by hand', () => {
  const out = new Float64Array(4).fill(7);
  squaredDistances(Float64Array.of(0, 0, 3, 4), Float64Array.of(0, 0, 1, 1), 2, out);
  expect([...out]).toEqual([0, 2, 25, 13]);
});

// Rows are worked on by two, centers by four.
test.each([
  [1, 1, 1],
  [2, 4, 3],
  [5, 7, 3],
  [4, 9, 2],
  [3, 2, 5],
])('%i rows and %i centers of %i values', (m, k, d) => {
  const [rows, centers] = [normal(m, d, 1), normal(k, d, 2)];
  const out = new Float64Array(m * k);
  squaredDistances(rows.data as Float64Array, centers.data as Float64Array, d, out);
  rowsOf(rows).forEach((row, i) =>
    rowsOf(centers).forEach((center, c) => {
      const expected = row.reduce((sum, x, j) => sum + (x - center[j]!) ** 2, 0);
      expect(out[i * k + c]).toBeCloseTo(expected, 10);
    }),
  );
});

test('rounding gives nothing below 0', () => {
  const rows = normal(9, 20, 3, 1e8).data as Float64Array;
  const near = rows.map((x) => x * (1 + 1e-11));
  const out = new Float64Array(81);
  squaredDistances(rows, near, 20, out);
  expect(Math.min(...out)).toBe(0);
});
