import { Generator } from '@kcr/core';
import { type Features, rows } from '@kcr/features';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { kcrBounds } from './bounds.ts';
import { complexity } from './complexity-report.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { type LandmarkSampling, sampleLandmarks } from './landmarks.ts';
import { nystromDirections, nystromTails } from './nystrom.ts';
import { covariance, eigen, gramSpectrum } from './spectrum.ts';
import { spectrumTails, truncatedNuclearNorm } from './spectrum-tails.ts';
import { topEigen } from './top-eigen.ts';

/** Features of rank at most `rank`, with a falling spectrum. */
function lowRank(n: number, d: number, rank: number, seed: number): Features {
  const generator = new Generator(seed);
  const left = Matrix.zeros(n, rank).apply(() => {});
  for (let i = 0; i < n; i++)
    for (let k = 0; k < rank; k++) left.set(i, k, generator.normal() / (k + 1));
  const right = Matrix.zeros(rank, d);
  for (let k = 0; k < rank; k++) for (let j = 0; j < d; j++) right.set(k, j, generator.normal());
  return { n, d, data: left.mmul(right).to1DArray() };
}

const matrixOf = ({ n, d, data }: Features) => Matrix.from1DArray(n, d, Array.from(data));
const gram = (features: Features) => {
  const f = matrixOf(features);
  return f.mmul(f.transpose()).div(features.n);
};
const samplings: LandmarkSampling[] = ['uniform', 'kmeans++', 'leverage'];

describe.each([
  ['more images than features', 40, 12, 12],
  ['fewer images than features', 10, 16, 10],
  ['low rank', 30, 12, 5],
] as const)('%s', (_, n, d, rank) => {
  const features = lowRank(n, d, rank, 7);
  const values = gramSpectrum(features);
  const tails = spectrumTails(values);

  test('the d x d matrix has the eigenvalues of the gram matrix', () => {
    const direct = new EigenvalueDecomposition(gram(features), { assumeSymmetric: true })
      .realEigenvalues;
    direct.sort((a, b) => b - a);
    for (let i = 0; i < Math.min(n, d); i++) expect(values[i]).toBeCloseTo(direct[i]!, 9);
  });

  test('TNN_0 is the trace, TNN_d is 0, and tails fall', () => {
    expect(truncatedNuclearNorm(values, 0)).toBeCloseTo(gram(features).trace(), 9);
    expect(truncatedNuclearNorm(values, d)).toBe(0);
    for (let r = 0; r < d; r++) expect(tails[r]).toBeGreaterThanOrEqual(tails[r + 1]!);
    expect(() => truncatedNuclearNorm(values, d + 1)).toThrow(
      expect.objectContaining({ code: 'RANK' }),
    );
  });

  test('KC is at most rank / n and at most sqrt(trace / n)', () => {
    const { value, argmin } = kernelComplexity(tails, n);
    expect(value).toBeLessThanOrEqual(rank / n + 1e-6);
    expect(value).toBeLessThanOrEqual(Math.sqrt(tails[0]! / n));
    expect(value).toBe(argmin / n + Math.sqrt(tails[argmin]! / n));
  });

  test.each(samplings)('with all images as landmarks A-KC is KC (%s)', (sampling) => {
    const generator = new Generator(1);
    const report = complexity(features, { rank: 3, landmarks: n, sampling, generator });
    expect(report.tnnApprox).toBeCloseTo(report.tnn, 6);
    expect(report.akc.value).toBeCloseTo(report.kc.value, 6);
  });

  test.each(samplings)(
    'directions are orthonormal, and tails at least the true ones (%s)',
    (sampling) => {
      for (const m of [1, 4, Math.min(n, 14)]) {
        const landmarks = rows(features, sampleLandmarks(features, m, sampling, new Generator(m)));
        const directions = nystromDirections(landmarks);
        const product = directions.vectors.transpose().mmul(directions.vectors);
        const error = Matrix.sub(product, Matrix.eye(product.rows)).abs().max();
        expect(error).toBeLessThan(1e-6);
        const approximate = nystromTails(covariance(features), directions);
        approximate.forEach((tail, r) => expect(tail).toBeGreaterThanOrEqual(tails[r]! - 1e-9));
      }
    },
  );

  test('landmarks of full rank reproduce the gram matrix', () => {
    const landmarks = rows(
      features,
      sampleLandmarks(features, Math.min(n, d + 4), 'uniform', new Generator(3)),
    );
    const { vectors } = nystromDirections(landmarks);
    if (vectors.columns < rank) return;
    const f = matrixOf(features);
    const projected = f.mmul(vectors);
    const rebuilt = projected.mmul(projected.transpose()).div(n);
    expect(Matrix.sub(rebuilt, gram(features)).abs().max()).toBeLessThan(1e-8);
  });

  test('gradient descent on the last layer leaves -(I - eK)^t Y', () => {
    const generator = new Generator(5);
    const labels = Array.from({ length: n }, () => generator.integer(3));
    const y = Matrix.zeros(n, 3);
    labels.forEach((label, i) => void y.set(i, label, 1));
    const f = matrixOf(features);
    const stepSize = 0.9 / values[0]!;
    let w = Matrix.zeros(d, 3);
    const steps = [0, 1, 2, 5, 20];
    const losses: number[] = [];
    for (let t = 0; t <= 20; t++) {
      const residual = Matrix.sub(f.mmul(w), y);
      if (steps.includes(t)) losses.push(residual.to1DArray().reduce((s, x) => s + x * x, 0) / n);
      w = Matrix.sub(
        w,
        f
          .transpose()
          .mmul(residual)
          .mul(stepSize / n),
      );
    }
    const targets = { n, d: 3, data: y.to1DArray() };
    const points = kcrBounds(features, targets, { complexity: 0.1, steps, stepSize });
    points.forEach((point, i) => {
      expect(point.trainingLoss).toBeCloseTo(losses[i]!, 8);
      expect(point.lower).toBeLessThanOrEqual(point.trainingLoss);
      expect(point.upper).toBeGreaterThanOrEqual(point.trainingLoss);
      if (i > 0)
        expect(point.trainingLoss).toBeLessThanOrEqual(points[i - 1]!.trainingLoss + 1e-12);
    });
  });
});

test('subspace iteration finds the first eigenpairs', () => {
  const s = covariance(lowRank(80, 40, 40, 9));
  const all = eigen(s);
  const top = topEigen(s, 6);
  top.values.forEach((value, i) => expect(value).toBeCloseTo(all.values[i]!, 8));
  for (let k = 0; k < 6; k++) {
    const cosine = top.vectors.getColumnVector(k).dot(all.vectors.getColumnVector(k));
    expect(Math.abs(cosine)).toBeCloseTo(1, 6);
  }
});

test.each(samplings)('landmarks are distinct, also among equal images (%s)', (sampling) => {
  const same: Features = { n: 9, d: 2, data: Array(18).fill(1) };
  const chosen = sampleLandmarks(same, 9, sampling, new Generator(0));
  expect([...chosen]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const refused = () => sampleLandmarks(same, 10, sampling, new Generator(0));
  expect(refused).toThrow(expect.objectContaining({ code: 'LANDMARKS' }));
});
