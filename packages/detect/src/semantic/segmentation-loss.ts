import { arange, resizePlanes, stopGradient, type Tensor, tf } from '@kcr/core';

/**
 * Mean cross-entropy of the pixels that count; logits are resized to the labels.
 *
 * @param logits [batch, height', width', classes]
 * @param labels int32 [batch, height, width]
 */
export function segmentationLoss(logits: Tensor, labels: Tensor): Tensor {
  const [batch, height, width] = labels.shape as [number, number, number];
  const [, rows, columns, classes] = logits.shape as [number, number, number, number];
  // Classes first: over two or three values side by side, ops would go value by value.
  const planes = tf.reshape(tf.transpose(logits, [0, 3, 1, 2]), [batch * classes, rows, columns]);
  const scores = tf.reshape(resizePlanes(planes, [height, width]), [
    batch,
    classes,
    height * width,
  ]);
  const label = tf.reshape(tf.cast(labels, 'float32'), [batch, 1, height * width]);
  // Labels that do not count equal no class.
  const targets = tf.cast(tf.equal(label, arange([1, classes, 1])), 'float32');
  const counts = tf.sum(targets, 1, true);
  const most = stopGradient(tf.max(scores, 1, true));
  const total = tf.add(tf.log(tf.sum(tf.exp(tf.sub(scores, most)), 1, true)), most);
  const surprise = tf.sub(tf.sum(tf.mul(total, counts)), tf.sum(tf.mul(scores, targets)));
  return tf.div(surprise, tf.maximum(tf.sum(counts), 1));
}
