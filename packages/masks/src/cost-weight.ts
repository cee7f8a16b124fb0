import { type ArraySlot, float32, type PluginRun, stopGradient, type Tensor, tf } from '@kcr/core';

/** The term of a search's loss that makes channels cost. */
export interface CostTerm {
  /** @param cost the soft cost as a share of the dense one, a scalar with a gradient to the masks */
  loss(cost: Tensor): Tensor;
  /** The weight of log(cost) now. */
  weight(): Promise<number>;
}

/** lambda log(cost) (KCR 3.1, DCS 3.4). */
export const fixedWeight = (lambda: number): CostTerm => ({
  loss: (cost) => tf.mul(tf.log(cost), lambda),
  weight: async () => lambda,
});

/**
 * How fast the multiplier follows: both it and the alphas are trained by Adam, whose steps are alike. A multiplier as fast as
 * the alphas overshoots before they have come to 0.
 */
const RATE = 0.1;

/**
 * lambda log(cost), where lambda is found by the augmented Lagrangian of the constraint cost = budget (Nocedal and Wright,
 * Numerical Optimization, 17.3): the multiplier plus the violation itself. The multiplier is trained with the masks, upwards
 * while the cost is above the budget and downwards while it is below (dual ascent). Below 0 it draws channels in: beside
 * weights that are trained too nothing else would bring back alphas that have fallen too far.
 *
 * @param violation by how much the masks without noise miss the budget, a scalar; above 0 they cost too much
 */
export function dualWeight(run: PluginRun, violation: () => Tensor): CostTerm {
  const multiplier: ArraySlot = run.parameter('multiplier', float32([], [0]));
  return {
    loss(cost) {
      const excess = stopGradient(violation());
      const lambda = tf.add(tf.mul(stopGradient(multiplier.value), RATE), excess);
      const ascent = tf.mul(multiplier.value, excess);
      // Of value 0: its gradient alone counts, which is that of ascent.
      const turned = tf.sub(stopGradient(ascent), ascent);
      return tf.add(tf.mul(tf.log(cost), lambda), turned);
    },
    weight: async () => RATE * (await multiplier.read()).data[0]!,
  };
}
