import { type Tensor, tf } from '../tensor/tf.ts';

/** One-hot rows of integer labels. [n] -> float32 [n, classes]. */
export const oneHot = (labels: Tensor, classes: number): Tensor =>
  // TensorFlow.js refuses a single class.
  classes === 1
    ? tf.cast(tf.equal(tf.reshape(labels, [-1, 1]), 0), 'float32')
    : tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32');
