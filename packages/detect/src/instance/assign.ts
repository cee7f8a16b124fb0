import { stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { boxIou } from '../boxes/boxes.ts';
import { flag } from './flag.ts';
import type { Truth } from './truth.ts';

/** What boxes are to find. */
export interface Assignment {
  /** The object with the largest overlap, int32 [batch, n]. */
  object: Tensor;
  /** Its box where the overlap is enough, else the box itself, [batch, n, 4]. */
  boxes: Tensor;
  /** Its class where the overlap is enough, else -1: float32 [batch, n]. */
  labels: Tensor;
  /** 1 where the overlap is enough, else 0: [batch, n]. */
  positive: Tensor;
  /** 1 where it is little enough to be background. */
  negative: Tensor;
}

export interface AssignOptions {
  /** From this overlap on a box is to find the object. */
  positive: number;
  /** Below it a box is background. Default: as `positive`. */
  negative?: number;
  /** Each object is also found by the boxes that overlap it most. Default false. */
  best?: boolean;
}

/**
 * Which object each box is to find, by intersection over union (Ren et al. 2015).
 *
 * @param boxes [batch or 1, n, 4]
 */
export function assign(boxes: Tensor, truth: Truth, options: AssignOptions): Assignment {
  const { positive: high, negative: low = high, best = false } = options;
  const present = tf.expandDims(flag(tf.greaterEqual(truth.labels, 0)), 1);
  const iou = tf.mul(boxIou(boxes, truth.boxes), present);
  const most = tf.max(iou, 2);
  const object = tf.cast(tf.argMax(iou, 2), 'int32');
  let enough = flag(tf.greaterEqual(most, high));
  if (best) {
    const ofObject = tf.max(iou, 1, true);
    const equal = tf.mul(flag(tf.equal(iou, ofObject)), flag(tf.greater(ofObject, 0)));
    enough = tf.maximum(enough, tf.max(equal, 2));
  }
  const positive = stopGradient(enough);
  const negative = tf.mul(flag(tf.less(most, low)), tf.sub(1, positive));
  const rows = tf.concat([truth.boxes, tf.expandDims(tf.cast(truth.labels, 'float32'), 2)], 2);
  const found = takeTokens(rows, stopGradient(object));
  const [own, label] = tf.split(found, [4, 1], 2) as [Tensor, Tensor];
  const chosen = tf.expandDims(positive, 2);
  return {
    object: stopGradient(object),
    boxes: stopGradient(tf.add(tf.mul(own, chosen), tf.mul(boxes, tf.sub(1, chosen)))),
    labels: stopGradient(tf.sub(tf.mul(tf.add(tf.squeeze(label, [2]), 1), positive), 1)),
    positive,
    negative: stopGradient(negative),
  };
}
