import { expect, test } from 'vitest';
import { addProduct } from './strided-product.ts';
import { normal } from './testing.ts';

const values = (n: number, d: number, seed: number) => normal(n, d, seed).data as Float64Array;

// Tiles are of 128 rows and 256 columns; rows are padded to 2 and to 4, columns to 2.
test.each([
  [1, 1, 1],
  [3, 5, 7],
  [128, 128, 256],
  [129, 131, 257],
  [2, 260, 600],
])('m = %i, k = %i, d = %i: a b^T is added', (m, k, d) => {
  const [a, b] = [values(m, d, 1), values(k, d, 2)];
  const out = new Float64Array(m * k).fill(10);
  addProduct({ values: out, row: k }, { values: a, row: d }, { values: b, row: d }, { m, k, d });
  let most = 0;
  for (let i = 0; i < m; i++)
    for (let c = 0; c < k; c++) {
      let expected = 10;
      for (let j = 0; j < d; j++) expected += a[i * d + j]! * b[c * d + j]!;
      most = Math.max(most, Math.abs(out[i * k + c]! - expected));
    }
  expect(most).toBeLessThan(1e-12 * d + 1e-13);
});

test('parts of arrays, transposed, in float32 and as plain numbers; what is beside the target stays', () => {
  // [[1, 2], [3, 4]] stands in the middle of the first, transposed in the second.
  const a = Float32Array.of(9, 9, 9, 9, 1, 2, 9, 3, 4);
  const b = [1, 3, 2, 4];
  const out = new Float64Array(9).fill(7);
  addProduct(
    { values: out, from: 4, row: 3 },
    { values: a, from: 4, row: 3 },
    { values: b, row: 1, column: 2 },
    { m: 2, k: 2, d: 2 },
  );
  expect([...out]).toEqual([7, 7, 7, 7, 12, 18, 7, 18, 32]);
});

test('a symmetric result is whole on and above the diagonal', () => {
  const [n, d] = [300, 3];
  const a = { values: values(n, d, 3), row: d };
  const [all, upper] = [new Float64Array(n * n), new Float64Array(n * n)];
  addProduct({ values: all, row: n }, a, a, { m: n, k: n, d });
  addProduct({ values: upper, row: n }, a, a, { m: n, k: n, d, upper: true });
  let [wrong, left] = [0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      if (j >= i) wrong += Number(upper[i * n + j] !== all[i * n + j]);
      else left += Number(upper[i * n + j] === 0);
  expect(wrong).toBe(0);
  expect(left).toBeGreaterThan((n * n) / 6);
});

test('values that are not finite stay so', () => {
  const out = new Float64Array(2);
  const a = { values: [Number.NaN, Number.POSITIVE_INFINITY], row: 1 };
  addProduct({ values: out, row: 1 }, a, { values: [1], row: 1 }, { m: 2, k: 1, d: 1 });
  expect([...out]).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
});
