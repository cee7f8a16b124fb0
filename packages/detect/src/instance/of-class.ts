import { type Tensor, tf } from '@kcr/core';

/** One row per region of a value that has one per class, or one for all: [regions, classes or 1, d] -> [regions, d]. */
export function ofClass(values: Tensor, oneHot: Tensor): Tensor {
  if (values.shape[1] === 1) return tf.squeeze(values, [1]);
  return tf.sum(tf.mul(values, tf.expandDims(oneHot, 2)), 1);
}

/** Labels as rows with a 1, or zeros for labels below 0: [n] -> [n, classes]. */
export const oneHotOf = (labels: Tensor, classes: Tensor): Tensor =>
  tf.cast(tf.equal(tf.reshape(labels, [-1, 1]), classes), 'float32');
