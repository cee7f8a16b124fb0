import { type Tensor, tf } from '@kcr/core';

/**
 * A relaxed binary mask, sigmoid((alpha + e1 - e2) / tau) with standard Gumbel e1, e2 (KCR 3.1, DCS 3.1).
 *
 * @param alpha logits of the mask, of any shape
 * @param noise e1 - e2, which is standard logistic, of that shape
 * @param tau scalar above 0
 * @returns in (0, 1), of that shape
 */
export const gumbelSigmoid = (alpha: Tensor, noise: Tensor, tau: Tensor): Tensor =>
  tf.sigmoid(tf.div(tf.add(alpha, noise), tau));

/** 1 where `soft` is at least 1/2, else 0; its gradient passes to `soft` unchanged. */
export const straightThrough = tf.customGrad((soft) => ({
  value: tf.cast(tf.greaterEqual(soft as Tensor, 0.5), 'float32'),
  gradFunc: (dy: Tensor) => dy,
}));

/** The mask of evaluation: 1 where alpha is above 0, with a gradient of 0. */
export const hardMask = tf.customGrad((alpha) => ({
  value: tf.cast(tf.greater(alpha as Tensor, 0), 'float32'),
  gradFunc: (dy: Tensor) => tf.zerosLike(dy),
}));

/** Mean entropy in nats of the keep probabilities sigmoid(alpha / tau). */
export function maskEntropy(alphas: readonly Tensor[], tau: Tensor): Tensor {
  const logits = tf.div(tf.concat([...alphas]), tau);
  // H(sigmoid(x)) = softplus(x) - x sigmoid(x)
  return tf.mean(tf.sub(tf.softplus(logits), tf.mul(logits, tf.sigmoid(logits))));
}
