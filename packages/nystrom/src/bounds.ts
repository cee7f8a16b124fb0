import type { Features } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { covariance, eigen } from './spectrum.ts';

export interface BoundOptions {
  /** KC or A-KC. */
  complexity: number;
  /** Steps of gradient descent at which the bounds are computed. */
  steps: readonly number[];
  /** e, below 1 / largest eigenvalue of K. Default 0.9 of that. */
  stepSize?: number;
  /** Factor of the training loss in the upper and the lower bound. Default 1. */
  upperFactor?: number;
  lowerFactor?: number;
  /** Factor of KC + x/n in the upper and the lower bound. Default 1. */
  upperConstant?: number;
  lowerConstant?: number;
  /** The bounds hold with probability at least 1 - exp(-x) each. Default log 20. */
  x?: number;
}

/** Theorem 3.1's terms at one step of gradient descent on the last layer. */
export interface BoundPoint {
  step: number;
  /** (1/n) ||(I - e K)^t Y||_F^2 */
  trainingLoss: number;
  upper: number;
  lower: number;
}

/**
 * The KCR upper and lower bounds of the expected squared loss while gradient descent trains the last layer
 * from zero (KCR Theorem 3.1): a L_n(t) + c (KC + x/n) and a L_n(t) - c (KC + x/n).
 *
 * The theorem's constants are not stated; with the defaults of 1 these are the bounds up to constants.
 *
 * @param targets [n, classes], one-hot rows
 */
export function kcrBounds(
  features: Features,
  targets: Features,
  options: BoundOptions,
): BoundPoint[] {
  const { complexity, steps } = options;
  const { upperFactor = 1, lowerFactor = 1, upperConstant = 1, lowerConstant = 1 } = options;
  const { n } = features;
  const slack = complexity + (options.x ?? Math.log(20)) / n;
  const { values, energy, outside } = targetEnergy(features, targets);
  const stepSize = options.stepSize ?? 0.9 / (values[0] || 1);
  return steps.map((step) => {
    const inside = values.reduce(
      (sum, l, i) => sum + (1 - stepSize * l) ** (2 * step) * energy[i]!,
      0,
    );
    const trainingLoss = (inside + outside) / n;
    return {
      step,
      trainingLoss,
      upper: upperFactor * trainingLoss + upperConstant * slack,
      lower: Math.max(lowerFactor * trainingLoss - lowerConstant * slack, 0),
    };
  });
}

/** ||u_i^T Y||^2 for each eigenvector u_i of K, and what of ||Y||^2 lies outside them. */
function targetEnergy(features: Features, targets: Features) {
  const { n, d } = features;
  const { values, vectors } = eigen(covariance(features));
  const cross = new Matrix(d, targets.d);
  let total = 0;
  for (let i = 0; i < n; i++)
    for (let c = 0; c < targets.d; c++) {
      const y = targets.data[i * targets.d + c]!;
      total += y * y;
      if (y !== 0)
        for (let j = 0; j < d; j++)
          cross.set(j, c, cross.get(j, c) + features.data[i * d + j]! * y);
    }
  const projected = vectors.transpose().mmul(cross);
  // u_i = F v_i / sqrt(n l_i); a direction without variance has no eigenvector of K.
  const energy = Array.from(values, (value, i) =>
    value > 1e-12 * (values[0] || 1)
      ? projected.getRow(i).reduce((sum, p) => sum + p * p, 0) / (n * value)
      : 0,
  );
  const outside = Math.max(total - energy.reduce((a, b) => a + b, 0), 0);
  return { values, energy, outside };
}
