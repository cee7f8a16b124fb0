import { rows } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { nystromDirections, nystromTails } from './nystrom.ts';
import { covariance, gramSpectrum } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';
import { featuresOf, gram, lowRank, matrixOf, shapes } from './testing.ts';

const first = (m: number) => Array.from({ length: m }, (_, i) => i);

test.each([
  [
    'fewer landmarks than features',
    [
      [0, 2, 0],
      [1, 0, 0],
    ],
    2,
  ],
  [
    'more landmarks than features',
    [
      [0, 2, 0],
      [1, 0, 0],
      [0, 2, 0],
      [-1, 0, 0],
    ],
    4,
  ],
])('by hand, %s: the axes that they lie on, by their weight', (_, landmarks, m) => {
  const { values, vectors } = nystromDirections(featuresOf(landmarks));
  // (1 / m) times the sums of squares along the axes.
  expect([...values]).toEqual([expect.closeTo((2 * m) / m, 12), expect.closeTo(0.5, 12)]);
  expect([vectors.rows, vectors.columns]).toEqual([3, 2]);
  const sizes = vectors.to2DArray().map((row) => row.map(Math.abs));
  const expected = [
    [0, 1],
    [1, 0],
    [0, 0],
  ];
  sizes.forEach((row, i) => row.forEach((x, j) => expect(x).toBeCloseTo(expected[i]![j]!, 12)));
});

test('by hand: tails are the trace less what the directions hold', () => {
  const s = Matrix.diag([5, 3, 1]);
  const axes = (...at: number[]) => ({
    values: new Float64Array(at.length),
    vectors: new Matrix([0, 1, 2].map((i) => at.map((j) => Number(i === j)))),
  });
  expect([...nystromTails(s, axes(0, 1))]).toEqual([9, 4, 1, 1]);
  expect([...nystromTails(s, axes(2, 0))]).toEqual([9, 8, 3, 3]);
});

test('landmarks of zeros have one direction of no weight', () => {
  const { values, vectors } = nystromDirections(
    featuresOf([
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
  );
  expect(values).toHaveLength(0);
  expect([vectors.rows, vectors.columns]).toEqual([2, 1]);
});

describe.each(shapes)('%s', (_, n, d, rank) => {
  const features = lowRank(n, d, rank);
  const tails = spectrumTails(gramSpectrum(features));

  test.each([1, 4, Math.min(n, 14)])(
    'of %i landmarks directions are orthonormal, and tails at least the true ones (Ky Fan)',
    (m) => {
      const directions = nystromDirections(rows(features, first(m)));
      const { vectors } = directions;
      expect(vectors.columns).toBeLessThanOrEqual(Math.min(m, rank));
      const product = vectors.transpose().mmul(vectors);
      expect(Matrix.sub(product, Matrix.eye(product.rows)).abs().max()).toBeLessThan(1e-6);
      const approximate = nystromTails(covariance(features), directions);
      expect(approximate[0]).toBeCloseTo(tails[0]!, 9);
      approximate.forEach((tail, r) => expect(tail).toBeGreaterThanOrEqual(tails[r]! - 1e-9));
    },
  );

  test('of all images as landmarks tails are the true ones', () => {
    const directions = nystromDirections(features);
    nystromTails(covariance(features), directions).forEach((tail, r) =>
      expect(tail).toBeCloseTo(tails[r]!, 6),
    );
  });

  test('landmarks of full rank reproduce the gram matrix', () => {
    const { vectors } = nystromDirections(rows(features, first(Math.min(n, d + 4))));
    expect(vectors.columns).toBe(rank);
    const projected = matrixOf(features).mmul(vectors);
    const rebuilt = projected.mmul(projected.transpose()).div(n);
    expect(Matrix.sub(rebuilt, gram(features)).abs().max()).toBeLessThan(1e-8);
  });
});
