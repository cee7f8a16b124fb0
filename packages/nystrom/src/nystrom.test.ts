import { readFileSync } from 'node:fs';
import { rows } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { kernelComplexity } from './kernel-complexity.ts';
import { landmarkDirections, nystromBasis, nystromTails, projectionTails } from './nystrom.ts';
import { covariance, eigen, gramSpectrum } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';
import { featuresOf, gram, lowRank, matrixOf, shapes } from './testing.ts';

const first = (m: number) => Array.from({ length: m }, (_, i) => i);

interface Estimate {
  m: number;
  ranks: number[];
  paper: number[];
  principal: number[];
  aKc: number;
}

interface Case extends Record<'n' | 'd' | 'decay' | 'trace' | 'kc' | 'argmin', number> {
  tnn: number[];
  estimates: Estimate[];
}

const { cases } = JSON.parse(
  readFileSync(new URL('../fixtures/nystrom.json', import.meta.url), 'utf8'),
) as { cases: Case[] };

/** The features of a case, by the formula of its script. */
const featuresOfCase = ({ n, d, decay }: Case) =>
  featuresOf(
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: d }, (_, j) =>
        Array.from(
          { length: d },
          (_, k) =>
            Math.cos(0.731 * i * (k + 1) + k * k) * Math.cos(0.457 * j * (k + 2) + k) * decay ** k,
        ).reduce((sum, x) => sum + x, 0),
      ),
    ),
  );

describe.each(cases)('numpy, $n images of $d features', (given) => {
  const { n, d, trace, tnn, kc, argmin, estimates } = given;
  const features = featuresOfCase(given);
  const s = covariance(features);
  const all = eigen(s);
  const close = (value: number) => expect.closeTo(value, 10);

  test('exact: trace, TNN and KC', () => {
    const tails = spectrumTails(all.values);
    expect(s.trace()).toBeCloseTo(trace, 10);
    expect([...tails]).toEqual(tnn.map(close));
    expect(kernelComplexity(tails, n)).toEqual({ value: close(kc), argmin });
  });

  test.each(estimates)("$m landmarks: the paper's U, and principal directions", (estimate) => {
    const chosen = first(estimate.m).map((i) => (7 * i + 3) % n);
    const { vectors } = landmarkDirections(rows(features, chosen));
    const own = nystromTails(all, vectors);
    const principal = projectionTails(s, vectors);
    expect(estimate.ranks.map((r) => own[r])).toEqual(estimate.paper.map(close));
    expect(estimate.ranks.map((r) => principal[r])).toEqual(estimate.principal.map(close));
    expect(kernelComplexity(own, n).value).toBeCloseTo(estimate.aKc, 9);
    expect(own).toHaveLength(d + 1);
  });
});

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
  const { values, vectors } = landmarkDirections(featuresOf(landmarks));
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

const axes = (...at: number[]) => new Matrix([0, 1, 2].map((i) => at.map((j) => Number(i === j))));

test('by hand: what directions leave is the trace less what they hold', () => {
  const s = Matrix.diag([5, 3, 1]);
  expect([...projectionTails(s, axes(0, 1))]).toEqual([9, 4, 1, 1]);
  expect([...projectionTails(s, axes(2, 0))]).toEqual([9, 8, 3, 3]);
});

test('by hand: one landmark between the axes of S = diag(4, 1)', () => {
  // V = (1, 1) / sqrt 2: trace - (V^T S V)^-1 V^T S^2 V = 5 - 8.5 / 2.5, and of PCA 5 - 2.5.
  const s = Matrix.diag([4, 1]);
  const directions = landmarkDirections(featuresOf([[7, 7]])).vectors;
  const tails = nystromTails(eigen(s), directions);
  expect([...tails]).toEqual([5, 1.6, 1.6].map((x) => expect.closeTo(x, 12)));
  expect(projectionTails(s, directions)[1]).toBeCloseTo(2.5, 12);
  // orth(S V) = (4, 1) / sqrt 17 leaves 5 - 65 / 17.
  expect(projectionTails(s, nystromBasis(s, directions, 1))[1]).toBeCloseTo(5 - 65 / 17, 12);
});

test('landmarks of zeros have one direction of no weight', () => {
  const { values, vectors } = landmarkDirections(
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
      const { vectors } = landmarkDirections(rows(features, first(m)));
      expect(vectors.columns).toBeLessThanOrEqual(Math.min(m, rank));
      const product = vectors.transpose().mmul(vectors);
      expect(Matrix.sub(product, Matrix.eye(product.rows)).abs().max()).toBeLessThan(1e-12);
      const s = covariance(features);
      const pca = projectionTails(s, vectors);
      const approximate = nystromTails(eigen(s), vectors);
      expect(approximate[0]).toBeCloseTo(tails[0]!, 12);
      for (let r = 0; r <= d; r++) {
        expect(approximate[r]).toBeGreaterThanOrEqual(tails[r]!);
        // A step of power iteration never loses.
        expect(approximate[r]).toBeLessThanOrEqual(pca[r]! + 1e-12);
        if (r > 0) expect(approximate[r]).toBeLessThanOrEqual(approximate[r - 1]!);
      }
      const used = Math.min(2, vectors.columns);
      const own = projectionTails(s, nystromBasis(s, vectors, used))[used]!;
      expect(own).toBeGreaterThanOrEqual(tails[used]! - 1e-12);
      expect(own).toBeLessThanOrEqual(approximate[used]! + 1e-12);
    },
  );

  test('of all images as landmarks tails are the true ones', () => {
    const { vectors } = landmarkDirections(features);
    nystromTails(eigen(covariance(features)), vectors).forEach((tail, r) =>
      expect(tail).toBeCloseTo(tails[r]!, 12),
    );
  });

  test('the order of images and of landmarks does not matter', () => {
    const order = Array.from({ length: n }, (_, i) => (i * 7 + 3) % n);
    const found = (images: number[], landmarks: number[]) =>
      nystromTails(
        eigen(covariance(rows(features, images))),
        landmarkDirections(rows(features, landmarks)).vectors,
      );
    const some = order.slice(0, 5);
    const once = found(Array.from(order.keys()), some);
    found(order, some.toReversed()).forEach((tail, r) => expect(tail).toBeCloseTo(once[r]!, 9));
  });

  test('landmarks of full rank reproduce the gram matrix', () => {
    const { vectors } = landmarkDirections(rows(features, first(Math.min(n, d + 4))));
    expect(vectors.columns).toBe(rank);
    const projected = matrixOf(features).mmul(vectors);
    const rebuilt = projected.mmul(projected.transpose()).div(n);
    expect(Matrix.sub(rebuilt, gram(features)).abs().max()).toBeLessThan(1e-8);
  });
});
