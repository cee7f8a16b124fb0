import { stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { clipBoxes } from '../boxes/boxes.ts';
import { nmsMask } from '../boxes/nms-mask.ts';

/** Options of what is given for an image, under OpenMMLab's names. */
export interface DetectionConfig {
  /** Lowest score. */
  score_thr: number;
  nms_threshold: number;
  /** Detections of an image. */
  max_per_img: number;
}

/** Boxes of an image with their classes, best first; places that nothing fills have a score of 0. */
export interface Detections {
  /** [batch, max_per_img, 4] */
  boxes: Tensor;
  /** [batch, max_per_img] */
  scores: Tensor;
  /** float32 [batch, max_per_img] */
  labels: Tensor;
}

/** Candidates that suppression reads: the best pairs of a box and a class. */
const CANDIDATES = 1000;

const column = (values: Tensor, index: Tensor): Tensor =>
  tf.squeeze(takeTokens(tf.expandDims(values, 2), index), [2]);

/**
 * The best boxes of all classes, after suppression within each class.
 *
 * @param boxes [batch, n, classes or 1, 4]
 * @param scores [batch, n, classes]
 * @param classes 0..classes-1, [1, classes]
 * @param size height and width of the images
 */
export function detect(
  boxes: Tensor,
  scores: Tensor,
  classes: Tensor,
  size: readonly [number, number],
  { score_thr, nms_threshold, max_per_img }: DetectionConfig,
): Detections {
  const [batch, n, count] = scores.shape as [number, number, number];
  const all = clipBoxes(boxes, ...size);
  const each = all.shape[2] === count ? all : tf.tile(all, [1, 1, count, 1]);
  const flat = tf.reshape(scores, [batch, n * count]);
  const enough = tf.mul(flat, tf.cast(tf.greater(flat, score_thr), 'float32'));
  const first = tf.topk(enough, Math.min(CANDIDATES, n * count));
  const index = stopGradient(first.indices);
  const labels = tf.reshape(tf.tile(tf.expandDims(classes, 0), [batch, n, 1]), [batch, n * count]);
  const own = column(labels, index);
  const found = takeTokens(tf.reshape(each, [batch, n * count, 4]), index);
  // Boxes of different classes are moved apart, so that one suppression does for all.
  const apart = tf.mul(tf.expandDims(own, 2), 2 * Math.max(...size));
  const kept = tf.mul(first.values, nmsMask(tf.add(found, apart), first.values, nms_threshold));
  const last = tf.topk(kept, Math.min(max_per_img, kept.shape[1]!));
  const place = stopGradient(last.indices);
  return {
    boxes: takeTokens(found, place),
    scores: last.values,
    labels: column(own, place),
  };
}
