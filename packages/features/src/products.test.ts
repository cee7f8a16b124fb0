import { describe, expect, test } from 'vitest';
import type { Features } from './features.ts';
import { addProducts, dotProducts, type Matrix } from './products.ts';
import { normal, rowsOf } from './testing.ts';

const matrix = (rows: Features): Matrix => ({
  values: rows.data as Float64Array,
  columns: rows.d,
});

describe.each([
  [1, 1, 1],
  [4, 2, 3],
  [5, 7, 3],
  [3, 5, 9],
])('m = %i, p = %i, q = %i', (m, p, q) => {
  test('a^T b is added to what is there', () => {
    const [a, b] = [normal(m, p, 1), normal(m, q, 2)];
    const sum = new Float64Array(p * q).fill(100);
    addProducts(matrix(a), matrix(b), sum);
    for (let r = 0; r < p; r++)
      for (let c = 0; c < q; c++) {
        const expected = rowsOf(a).reduce((all, row, i) => all + row[r]! * rowsOf(b)[i]![c]!, 100);
        expect(sum[r * q + c]).toBeCloseTo(expected, 10);
      }
  });

  test('rows times centers', () => {
    const [rows, centers] = [normal(m, q, 1), normal(p, q, 2)];
    const out = new Float64Array(m * p);
    dotProducts(rows.data as Float64Array, centers.data as Float64Array, q, out);
    rowsOf(rows).forEach((row, i) =>
      rowsOf(centers).forEach((center, c) =>
        expect(out[i * p + c]).toBeCloseTo(
          row.reduce((all, x, j) => all + x * center[j]!, 0),
          10,
        ),
      ),
    );
  });
});
