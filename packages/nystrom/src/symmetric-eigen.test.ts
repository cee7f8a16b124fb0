import { Generator } from '@kcr/core';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { symmetricEigen } from './symmetric-eigen.ts';

/** A symmetric matrix by its lower triangle. */
function symmetric(n: number, value: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      matrix[i * n + j] = value(i, j);
      matrix[j * n + i] = matrix[i * n + j]!;
    }
  return matrix;
}

/** Largest |A v - l v| over |A|, and |V V^T - I|. */
function errors(matrix: Float64Array, n: number) {
  const { values, rows } = symmetricEigen(matrix.slice(), n);
  const largest = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  let [residual, off] = [0, 0];
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      let sum = -values[k]! * rows[k * n + i]!;
      for (let j = 0; j < n; j++) sum += matrix[i * n + j]! * rows[k * n + j]!;
      residual = Math.max(residual, Math.abs(sum) / largest);
    }
    for (let l = 0; l <= k; l++) {
      let sum = l === k ? -1 : 0;
      for (let j = 0; j < n; j++) sum += rows[k * n + j]! * rows[l * n + j]!;
      off = Math.max(off, Math.abs(sum));
    }
  }
  return { values, residual, off };
}

const generator = new Generator(5);

/** Spectra that are known, by n. */
const known: Record<string, [(n: number) => Float64Array, (n: number) => number[]]> = {
  'second differences: 2 - 2 cos(k pi / (n + 1))': [
    (n) => symmetric(n, (i, j) => (i === j ? 2 : i === j + 1 ? -1 : 0)),
    (n) => Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))),
  ],
  'min(i, j): 1 / (4 sin((2 k - 1) pi / (4 n + 2))^2)': [
    (n) => symmetric(n, (i, j) => Math.min(i, j) + 1),
    (n) =>
      Array.from(
        { length: n },
        (_, k) => 1 / (4 * Math.sin(((2 * k + 1) * Math.PI) / (4 * n + 2)) ** 2),
      ),
  ],
  'ones and a diagonal: n + 3 once and 3': [
    (n) => symmetric(n, (i, j) => 1 + 3 * Number(i === j)),
    (n) => [n + 3, ...Array(n - 1).fill(3)],
  ],
  'three values, many times each, in a random basis': [
    (n) => {
      const v = Array.from({ length: n }, () => generator.normal());
      const square = v.reduce((sum, x) => sum + x * x, 0);
      const reflected = (i: number, k: number) => Number(i === k) - (2 * v[i]! * v[k]!) / square;
      return symmetric(n, (i, j) => {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += reflected(i, k) * (k % 3) * reflected(j, k);
        return sum;
      });
    },
    (n) => Array.from({ length: n }, (_, k) => k % 3),
  ],
  zeros: [(n) => new Float64Array(n * n), (n) => Array(n).fill(0)],
  'a diagonal': [
    (n) => symmetric(n, (i, j) => (i === j ? i * 1e-3 - 1 : 0)),
    (n) => Array.from({ length: n }, (_, i) => i * 1e-3 - 1),
  ],
};

describe.each(Object.entries(known))('%s', (_, [make, spectrum]) => {
  test.each([1, 2, 32, 33, 64, 65, 66, 131, 200])('n = %i', (n) => {
    const { values, residual, off } = errors(make(n), n);
    const expected = spectrum(n).sort((a, b) => a - b);
    const largest = Math.max(...expected.map(Math.abs)) || 1;
    values.forEach((value, k) =>
      expect(Math.abs(value - expected[k]!) / largest).toBeLessThan(1e-14),
    );
    expect(residual).toBeLessThan(1e-14);
    expect(off).toBeLessThan(2e-14);
  });
});

test.each([
  ['random', 150, () => generator.normal()],
  [
    'of very different sizes',
    120,
    (i: number, j: number) => generator.normal() * 10 ** (-(i + j) / 10),
  ],
  [
    "Wilkinson's: pairs that are equal to rounding",
    101,
    (i: number, j: number) => (i === j ? Math.abs(i - 50) : Number(i === j + 1)),
  ],
  ['Hilbert', 90, (i: number, j: number) => 1 / (i + j + 1)],
  [
    'glued: many values that are nearly equal',
    130,
    (i: number, j: number) => (i === j ? i % 13 : i === j + 1 ? (i % 13 === 0 ? 1e-9 : 1) : 0),
  ],
] as const)('%s: pairs are right to rounding, and those of ml-matrix', (_, n, value) => {
  const matrix = symmetric(n, value);
  const { values, residual, off } = errors(matrix, n);
  expect(residual).toBeLessThan(1e-14);
  expect(off).toBeLessThan(2e-14);
  const { realEigenvalues } = new EigenvalueDecomposition(
    Matrix.from1DArray(n, n, Array.from(matrix)),
    { assumeSymmetric: true },
  );
  realEigenvalues.sort((a, b) => a - b);
  const largest = Math.max(...realEigenvalues.map(Math.abs));
  values.forEach((x, k) => expect(Math.abs(x - realEigenvalues[k]!) / largest).toBeLessThan(2e-14));
});

test.each([1e-200, 1e200])(
  'values of size %d are scaled first, where squares vanish or overflow',
  (scale) => {
    const n = 70;
    const plain = symmetric(n, () => generator.normal());
    const { values } = symmetricEigen(plain.slice(), n);
    const found = symmetricEigen(
      plain.map((x) => x * scale),
      n,
    ).values;
    found.forEach((x, k) => expect(x / scale).toBeCloseTo(values[k]!, 12));
  },
);
