import { type Tensor, tf } from '@kcr/core';
import { binaryCrossEntropy, weightedMean } from './losses.ts';
import { ofClass } from './of-class.ts';

/** The mask of each region's own class: [regions, size, size, classes] -> [regions, size * size]. */
export function masksOfClass(logits: Tensor, oneHot: Tensor): Tensor {
  const [regions, height, width, classes] = logits.shape as [number, number, number, number];
  const byClass = tf.transpose(tf.reshape(logits, [regions, height * width, classes]), [0, 2, 1]);
  return ofClass(byClass, oneHot);
}

/** Mean cross-entropy of the pixels of positive regions' masks, of their own class. */
export function maskLoss(logits: Tensor, targets: Tensor, oneHot: Tensor, weights: Tensor): Tensor {
  const each = binaryCrossEntropy(masksOfClass(logits, oneHot), targets);
  return weightedMean(tf.mean(each, 1), tf.reshape(weights, [-1]));
}
