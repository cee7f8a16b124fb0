import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { covariance, eigen } from './spectrum.ts';
import { lowRank } from './testing.ts';
import { topEigen } from './top-eigen.ts';

test('by hand: the largest of a diagonal, wherever they stand', () => {
  const { values, vectors } = topEigen(Matrix.diag([1, 9, 0, 4]), 2);
  expect([...values]).toEqual([expect.closeTo(9, 9), expect.closeTo(4, 9)]);
  expect([vectors.rows, vectors.columns]).toEqual([4, 2]);
  expect(Math.abs(vectors.get(1, 0))).toBeCloseTo(1, 9);
  expect(Math.abs(vectors.get(3, 1))).toBeCloseTo(1, 9);
});

test.each([
  ['a few', 6],
  ['all', 40],
])('%s pairs are those of a full decomposition', (_, r) => {
  const s = covariance(lowRank(80, 40, 40));
  const all = eigen(s);
  const top = topEigen(s, r);
  expect(top.values).toHaveLength(r);
  top.values.forEach((value, i) => expect(value).toBeCloseTo(all.values[i]!, 8));
  for (let k = 0; k < 6; k++) {
    const cosine = top.vectors.getColumnVector(k).dot(all.vectors.getColumnVector(k));
    expect(Math.abs(cosine)).toBeCloseTo(1, 6);
  }
  const product = top.vectors.transpose().mmul(top.vectors);
  expect(Matrix.sub(product, Matrix.eye(r)).abs().max()).toBeLessThan(1e-9);
});

test('iterations have an end, and more of them come nearer', () => {
  const s = covariance(lowRank(80, 40, 40));
  const exact = eigen(s).values;
  const off = (maxIterations: number) =>
    Math.abs(topEigen(s, 3, { maxIterations, oversample: 0 }).values[2]! - exact[2]!);
  expect(off(1)).toBeGreaterThan(off(4));
  expect(off(100)).toBeLessThan(1e-6);
});

test('the same seed gives the same pairs', () => {
  const s = covariance(lowRank(30, 12, 12));
  expect(topEigen(s, 3, { seed: 2 })).toEqual(topEigen(s, 3, { seed: 2 }));
});
