import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { CovarianceSum, covariance, eigen, gramSpectrum } from './spectrum.ts';
import { featuresOf, gram, lowRank, matrixOf, shapes } from './testing.ts';

test('by hand: F^T F / n, not centred', () => {
  const s = covariance(
    featuresOf([
      [1, 2],
      [3, 4],
    ]),
  );
  expect(s.to2DArray()).toEqual([
    [5, 7],
    [7, 10],
  ]);
  // The roots of x^2 - 15 x + 1.
  const [first, second] = gramSpectrum(
    featuresOf([
      [1, 2],
      [3, 4],
    ]),
  );
  expect(first).toBeCloseTo((15 + Math.sqrt(221)) / 2, 12);
  expect(second).toBeCloseTo((15 - Math.sqrt(221)) / 2, 12);
});

test.each([1, 3, 4, 5, 9])(
  'the sum over parts, the first of %i images, is that of all',
  (first) => {
    const { n, d, data } = lowRank(11, 5, 5);
    const sum = new CovarianceSum(d);
    const own = Array.from(data);
    sum.add({ n: first, d, data: own.slice(0, first * d) });
    sum.add({ n: n - first, d, data: own.slice(first * d) });
    expect(sum.n).toBe(n);
    const f = matrixOf({ n, d, data });
    const expected = f.transpose().mmul(f).div(n);
    expect(Matrix.sub(sum.matrix(), expected).abs().max()).toBeLessThan(1e-12);
  },
);

test('features in float32 are summed in float64', () => {
  const value = Math.fround(0.1);
  const s = covariance({ n: 1000, d: 1, data: new Float32Array(1000).fill(0.1) });
  expect(s.get(0, 0)).toBeCloseTo(value * value, 12);
});

test('eigenpairs, largest first and none below 0', () => {
  const { values, vectors } = eigen(
    new Matrix([
      [2, 1, 0],
      [1, 2, 0],
      [0, 0, 5],
    ]),
  );
  [5, 3, 1].forEach((x, i) => expect(values[i]).toBeCloseTo(x, 12));
  const expected = [
    [0, 0, 1],
    [Math.SQRT1_2, Math.SQRT1_2, 0],
    [Math.SQRT1_2, -Math.SQRT1_2, 0],
  ];
  expected.forEach((vector, k) => {
    const cosine = vector.reduce((sum, x, j) => sum + x * vectors.get(j, k), 0);
    expect(Math.abs(cosine)).toBeCloseTo(1, 12);
  });
  expect([
    ...eigen(
      new Matrix([
        [0, 1],
        [1, 0],
      ]),
    ).values,
  ]).toEqual([expect.closeTo(1, 12), 0]);
});

test.each(shapes)(
  '%s: the d x d matrix has the eigenvalues of the gram matrix',
  (_, n, d, rank) => {
    const features = lowRank(n, d, rank);
    const direct = new EigenvalueDecomposition(gram(features), { assumeSymmetric: true })
      .realEigenvalues;
    direct.sort((a, b) => b - a);
    const values = gramSpectrum(features);
    expect(values).toHaveLength(d);
    for (let i = 0; i < d; i++) expect(values[i]).toBeCloseTo(i < n ? direct[i]! : 0, 9);
  },
);
