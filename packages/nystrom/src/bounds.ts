import type { LastLayer } from './last-layer.ts';

export interface BoundOptions {
  /** KC or A-KC. */
  complexity: number;
  /** Steps of gradient descent at which the bounds are computed. */
  steps: readonly number[];
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
 */
export function kcrBounds(layer: LastLayer, options: BoundOptions): BoundPoint[] {
  const { complexity, steps } = options;
  const { upperFactor = 1, lowerFactor = 1, upperConstant = 1, lowerConstant = 1 } = options;
  const slack = complexity + (options.x ?? Math.log(20)) / layer.n;
  return steps.map((step) => {
    const trainingLoss = layer.trainingLoss(step);
    return {
      step,
      trainingLoss,
      upper: upperFactor * trainingLoss + upperConstant * slack,
      lower: Math.max(lowerFactor * trainingLoss - lowerConstant * slack, 0),
    };
  });
}
