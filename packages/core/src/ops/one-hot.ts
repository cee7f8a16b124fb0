import { type Tensor, tf } from '../tensor/tf.ts';

/** One-hot rows of integer labels. [n] -> float32 [n, classes]. */
export const oneHot = (labels: Tensor, classes: number): Tensor =>
  tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32');
