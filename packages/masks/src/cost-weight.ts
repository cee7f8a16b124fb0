import { type ArraySlot, float32, type PluginRun, stopGradient, type Tensor, tf } from '@kcr/core';

/** The term of a search's loss that makes channels cost. */
export interface CostTerm {
  /**
   * @param cost the soft cost as a share of the dense one, a scalar with a gradient to the masks
   * @param violation log(cost / budget) of the channels that would be kept now, a scalar
   */
  loss(cost: Tensor, violation: () => Tensor): Tensor;
  /** The weight of log(cost) now. */
  weight(): Promise<number>;
}

/** lambda log(cost) (KCR 3.1, DCS 3.4). */
export const fixedWeight = (lambda: number): CostTerm => ({
  loss: (cost) => tf.mul(tf.log(cost), lambda),
  weight: async () => lambda,
});

/**
 * lambda log(cost), where lambda is the multiplier of the constraint cost <= budget: it is trained with the masks, upwards
 * while the channels that would be kept cost more than the budget, downwards while they cost less, and never below 0 (dual
 * ascent). So the signs of the alphas agree with the budget in the end.
 */
export function dualWeight(run: PluginRun): CostTerm {
  const multiplier: ArraySlot = run.parameter('lambda', float32([], [0]));
  return {
    loss(cost, violation) {
      const lambda = stopGradient(tf.relu(multiplier.value));
      const excess = stopGradient(violation());
      // At 0 it stays while the budget is met.
      const free = tf.step(tf.add(lambda, tf.relu(excess)));
      const ascent = tf.mul(multiplier.value, tf.mul(excess, free));
      // Of value 0: its gradient alone counts, which is that of ascent.
      const turned = tf.sub(stopGradient(ascent), ascent);
      return tf.add(tf.mul(tf.log(cost), lambda), turned);
    },
    weight: async () => Math.max((await multiplier.read()).data[0]!, 0),
  };
}
