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
 * @param size height and width of the images
 */
export function detect(
  boxes: Tensor,
  scores: Tensor,
  size: readonly [number, number],
  { score_thr, nms_threshold, max_per_img }: DetectionConfig,
): Detections {
  const [batch, n, count] = scores.shape as [number, number, number];
  const flat = tf.reshape(scores, [batch, n * count]);
  const enough = tf.mul(flat, tf.cast(tf.greater(flat, score_thr), 'float32'));
  const first = tf.topk(enough, Math.min(CANDIDATES, n * count));
  const index = stopGradient(first.indices);
  const pair = tf.cast(index, 'float32');
  const box = tf.floor(tf.div(tf.add(pair, 0.5), count));
  const own = tf.sub(pair, tf.mul(box, count));
  const each = boxes.shape[2] === count;
  const all = tf.reshape(clipBoxes(boxes, ...size), [batch, each ? n * count : n, 4]);
  const found = takeTokens(all, each ? index : tf.cast(box, 'int32'));
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
