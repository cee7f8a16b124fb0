import { defineOp, type Tensor, tf } from '@kcr/core';

/**
 * Features as they are, whose gradient is the one that comes from the loss and, added to it, the one of the distance from
 * a subspace, t = (I - V V^T) F, scaled to `share` of the loss's norm over the batch: eta is share |dL/dF| / |dTNN/dF|
 * in each step, and 0 where the features lie in the subspace.
 *
 * features [batch, d]; basis V [d, r], orthonormal columns; share a number
 */
export const balanceGradient = defineOp({
  name: 'balanceGradient',
  inputs: ['features', 'basis', 'share'],
  compute: ({ features }) => tf.clone(features),
  saved: ['features', 'basis', 'share'],
  gradient: ({ dy, features, basis, share }) => ({
    features: () => {
      const held = tf.matMul(tf.matMul(features, basis), basis, false, true);
      const term = tf.sub(features, held);
      const norm = (x: Tensor) => tf.sqrt(tf.sum(tf.square(x)));
      const eta = tf.div(tf.mul(share, norm(dy)), tf.maximum(norm(term), TINY));
      return tf.add(dy, tf.mul(eta, term));
    },
  }),
});

/** Below it a term has no direction: its gradient is then 0 or next to it. */
const TINY = 1e-12;
