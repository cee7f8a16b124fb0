import { type Tensor, tf } from '@kcr/core';

/** Sum of values with weights, over the weights' sum or 1. */
export const weightedMean = (values: Tensor, weights: Tensor, over: Tensor = weights): Tensor =>
  tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(over), 1));

/** Cross-entropy of yes or no: logits and targets of one shape. */
export const binaryCrossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  tf.sub(tf.softplus(logits), tf.mul(logits, targets));
