import { type Tensor, tf } from '@kcr/core';

/** Sum of values with weights, over the weights' sum or 1. */
export const weightedMean = (values: Tensor, weights: Tensor, over: Tensor = weights): Tensor =>
  tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(over), 1));

/** Cross-entropy of yes or no: logits and targets of one shape. */
export const binaryCrossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  tf.sub(tf.softplus(logits), tf.mul(logits, targets));

/** Huber's loss of differences: squared below 1, else their size (PyTorch's `smooth_l1_loss`). */
export function smoothL1(differences: Tensor): Tensor {
  const size = tf.abs(differences);
  const small = tf.minimum(size, 1);
  return tf.mul(small, tf.sub(size, tf.mul(small, 0.5)));
}
