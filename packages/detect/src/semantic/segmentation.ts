import {
  arange,
  type CompiledStep,
  type ImageSet,
  resizeBilinear,
  type Task,
  type Tensor,
  tf,
} from '@kcr/core';
import { IGNORED, type SemanticDataset } from '@kcr/data';
import { ConfusionMatrix } from './mean-iou.ts';
import { segmentImage } from './segment-image.ts';

/**
 * Mean cross-entropy of the pixels that count; logits are resized to the labels.
 *
 * @param logits [batch, height', width', classes]
 * @param labels int32 [batch, height, width]
 */
export function segmentationLoss(logits: Tensor, labels: Tensor): Tensor {
  const [, height, width] = labels.shape as [number, number, number];
  const classes = logits.shape[3]!;
  const rows = tf.reshape(resizeBilinear(logits, [height, width]), [-1, classes]);
  const own = arange([1, classes]);
  const label = tf.reshape(tf.cast(labels, 'float32'), [-1, 1]);
  // Labels that do not count equal no class: their rows are 0.
  const targets = tf.cast(tf.equal(label, own), 'float32');
  const sum = tf.neg(tf.sum(tf.mul(tf.logSoftmax(rows as tf.Tensor2D), targets)));
  return tf.div(sum, tf.maximum(tf.sum(targets), 1));
}

/** A class for each pixel: cross-entropy, mean intersection over union and pixel accuracy at the images' own sizes. */
export const semanticSegmentation: Task = {
  name: 'semantic segmentation',
  metrics: { meanIou: 'mean IoU', pixelAccuracy: 'pixel accuracy' },
  losses: ({ losses }) => losses!,
  outputs: ({ logits }) => ({ logits }),
  async evaluate(inference: CompiledStep, data: ImageSet) {
    const { source, classes, normalization, shape, testing } = data as SemanticDataset;
    const matrix = new ConfusionMatrix(classes.length, IGNORED);
    for (let i = 0; i < data.length; i++) {
      const [pixels, truth] = await Promise.all([source.pixels(i), source.classMap(i)]);
      const found = await segmentImage(inference, pixels, { normalization, shape, ...testing });
      matrix.add(truth.data, found.data);
    }
    const { meanIou, pixelAccuracy } = matrix.summary;
    return { meanIou, pixelAccuracy };
  },
};
