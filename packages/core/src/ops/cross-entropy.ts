import { type Tensor, tf } from '../tensor/tf.ts';

/**
 * Mean cross-entropy of class probabilities under a softmax, as PyTorch's `CrossEntropyLoss`.
 *
 * @param logits [n, classes]
 * @param targets [n, classes], rows sum to 1 (one-hot, mixed or soft)
 * @param labelSmoothing in [0, 1): that share of each row is spread over all classes
 * @returns scalar, in nats
 */
export function crossEntropy(logits: Tensor, targets: Tensor, labelSmoothing = 0): Tensor {
  const classes = logits.shape.at(-1)!;
  const smooth = labelSmoothing
    ? tf.add(tf.mul(targets, 1 - labelSmoothing), labelSmoothing / classes)
    : targets;
  const perSample = tf.sum(tf.mul(tf.logSoftmax(logits as tf.Tensor2D), smooth), -1);
  return tf.neg(tf.mean(perSample));
}
