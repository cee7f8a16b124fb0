import { Generator } from '@kcr/core';
import { Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { kcrBounds } from './bounds.ts';
import { gramSpectrum } from './spectrum.ts';
import { featuresOf, lowRank, matrixOf, shapes } from './testing.ts';

/** Two images along two axes: K has the eigenvalues 2 and 1/2. */
const features = featuresOf([
  [2, 0],
  [0, 1],
]);
const targets = featuresOf([
  [1, 0],
  [0, 1],
]);
const steps = [0, 1, 3];

test('by hand: the training loss after steps of gradient descent', () => {
  // (1/2) ((1 - 2 e)^2t + (1 - e / 2)^2t) with e = 0.4.
  const points = kcrBounds(features, targets, { complexity: 0, steps, stepSize: 0.4, x: 0 });
  points.forEach(({ step, trainingLoss, upper, lower }, i) => {
    expect(step).toBe(steps[i]);
    expect(trainingLoss).toBeCloseTo((0.2 ** (2 * step) + 0.8 ** (2 * step)) / 2, 12);
    expect([upper, lower]).toEqual([trainingLoss, trainingLoss]);
  });
});

test('the step size is 0.9 / largest eigenvalue, where none is given', () => {
  const options = { complexity: 0, steps };
  expect(kcrBounds(features, targets, options)).toEqual(
    kcrBounds(features, targets, { ...options, stepSize: 0.9 / gramSpectrum(features)[0]! }),
  );
});

test('bounds are a L + c (KC + x / n) and a L - c (KC + x / n), not below 0', () => {
  const options = { complexity: 0.05, steps: [0], upperFactor: 2, lowerFactor: 0.5 };
  const constants = { upperConstant: 3, lowerConstant: 1.5, x: 0.2 };
  const [point] = kcrBounds(features, targets, { ...options, ...constants });
  expect(point!.trainingLoss).toBeCloseTo(1, 12);
  expect(point!.upper).toBeCloseTo(2 + 3 * 0.15, 12);
  expect(point!.lower).toBeCloseTo(0.5 - 1.5 * 0.15, 12);
  const [usual] = kcrBounds(features, targets, { complexity: 0.05, steps: [0] });
  expect(usual!.upper).toBeCloseTo(1 + 0.05 + Math.log(20) / 2, 12);
  expect(usual!.lower).toBe(0);
});

test('what the features do not reach stays', () => {
  // One direction alone: the second image is never learned.
  const flat = featuresOf([
    [1, 0],
    [0, 0],
  ]);
  const [point] = kcrBounds(flat, targets, { complexity: 0, steps: [10_000] });
  expect(point!.trainingLoss).toBeCloseTo(0.5, 9);
  const none = featuresOf([
    [0, 0],
    [0, 0],
  ]);
  expect(kcrBounds(none, targets, { complexity: 0, steps: [50] })[0]!.trainingLoss).toBe(1);
});

test.each(shapes)(
  '%s: gradient descent on the last layer leaves -(I - eK)^t Y',
  (_, n, d, rank) => {
    const own = lowRank(n, d, rank);
    const generator = new Generator(5);
    const y = Matrix.zeros(n, 3);
    for (let i = 0; i < n; i++) y.set(i, generator.integer(3), 1);
    const f = matrixOf(own);
    const stepSize = 0.9 / gramSpectrum(own)[0]!;
    let w = Matrix.zeros(d, 3);
    const losses: number[] = [];
    for (let t = 0; t <= 20; t++) {
      const residual = Matrix.sub(f.mmul(w), y);
      losses.push(residual.to1DArray().reduce((sum, x) => sum + x * x, 0) / n);
      w = Matrix.sub(
        w,
        f
          .transpose()
          .mmul(residual)
          .mul(stepSize / n),
      );
    }
    const labels = { n, d: 3, data: y.to1DArray() };
    const points = kcrBounds(own, labels, { complexity: 0.1, steps: [...losses.keys()], stepSize });
    points.forEach((point, t) => {
      expect(point.trainingLoss).toBeCloseTo(losses[t]!, 8);
      expect(point.lower).toBeLessThanOrEqual(point.trainingLoss);
      expect(point.upper).toBeGreaterThanOrEqual(point.trainingLoss);
      if (t > 0) expect(point.trainingLoss).toBeLessThanOrEqual(losses[t - 1]! + 1e-12);
    });
  },
);
