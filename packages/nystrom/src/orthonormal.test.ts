import { Generator } from '@kcr/core';
import { Matrix, QrDecomposition } from 'ml-matrix';
import { expect, test } from 'vitest';
import { times, transposedTimes } from './matrices.ts';
import { factors, orthonormal } from './orthonormal.ts';

const generator = new Generator(3);
const random = (rows: number, columns: number) =>
  Matrix.zeros(rows, columns).apply(function value(this: Matrix, i, j) {
    this.set(i, j, generator.normal());
  });
const off = (a: Matrix, b: Matrix) => Matrix.sub(a, b).abs().max();

// Reflections are applied in groups of 32.
test.each([
  [1, 1],
  [5, 3],
  [32, 32],
  [40, 33],
  [150, 100],
])('[%i, %i]: Q R is the matrix, and Q that of ml-matrix up to signs', (d, k) => {
  const matrix = random(d, k);
  const { q, r } = factors(matrix);
  expect(off(times(q, r), matrix)).toBeLessThan(1e-13);
  expect(off(transposedTimes(q, q), Matrix.eye(k))).toBeLessThan(1e-14);
  for (let i = 0; i < k; i++) for (let j = 0; j < i; j++) expect(r.get(i, j)).toBe(0);
  const theirs = new QrDecomposition(matrix).orthogonalMatrix;
  expect(off(transposedTimes(theirs, q).abs(), Matrix.eye(k))).toBeLessThan(1e-13);
});

test('a matrix of low rank is completed: columns stay orthonormal', () => {
  const low = times(random(50, 3), random(3, 50));
  const q = orthonormal(low);
  expect(off(transposedTimes(q, q), Matrix.eye(50))).toBeLessThan(1e-14);
  expect(off(times(q, transposedTimes(q, low)), low)).toBeLessThan(1e-13);
  expect(off(orthonormal(Matrix.zeros(40, 35)), Matrix.eye(40, 35))).toBe(0);
});

test.each([
  [3, 4, 5],
  [140, 300, 130],
])('products [%i, %i] x [%i] are those of ml-matrix', (m, d, k) => {
  const [a, b] = [random(m, d), random(d, k)];
  expect(off(times(a, b), a.mmul(b))).toBeLessThan(1e-12);
  expect(off(transposedTimes(a.transpose(), b), a.mmul(b))).toBeLessThan(1e-12);
});
