import { arange, stopGradient, type Tensor, takeTokens, tf } from '@kcr/core';
import { boxIou } from '../boxes/boxes.ts';
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

const flag = (condition: Tensor): Tensor => tf.cast(condition, 'float32');

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

export interface SampleOptions {
  /** Boxes of an image. */
  count: number;
  /** Share of them that may be positive. */
  positiveShare: number;
}

/** The n-th largest value of each row, where n may differ: [batch, k] falling, [batch, 1] -> [batch, 1]. */
function nth(falling: Tensor, n: Tensor): Tensor {
  const k = falling.shape[1]!;
  const places = arange([1, k], 1);
  return tf.sum(tf.mul(falling, flag(tf.equal(places, n))), 1, true);
}

/** 1 where a key is above 0 and at least the threshold, else 0. */
const chosen = (key: Tensor, threshold: Tensor): Tensor =>
  flag(tf.logicalAnd(tf.greater(key, 0), tf.greaterEqual(key, threshold)));

/**
 * The largest values of each row that are above 0.
 *
 * @param values [batch, n]
 * @param count how many, [batch, 1]
 * @returns 1 for what was chosen, else 0, [batch, n]
 */
export function hardest(values: Tensor, count: Tensor): Tensor {
  const keys = stopGradient(values);
  const n = values.shape[1]!;
  const threshold = nth(tf.topk(keys, n).values, tf.minimum(count, n));
  return stopGradient(tf.mul(chosen(keys, threshold), flag(tf.greater(count, 0))));
}

/**
 * A random sample of an image's boxes: positive ones up to their share, and background for the rest; fewer where there
 * are not enough. Shapes do not depend on what is found, so that a step is compiled once.
 *
 * @param noise uniform random numbers, [batch, n]
 * @returns 1 for what was chosen, else 0, each [batch, n]
 */
export function sample(
  { positive, negative }: Pick<Assignment, 'positive' | 'negative'>,
  noise: Tensor,
  { count, positiveShare }: SampleOptions,
): { positive: Tensor; negative: Tensor } {
  const n = noise.shape[1]!;
  const [all, most] = [Math.min(count, n), Math.min(Math.floor(count * positiveShare), n)];
  // Candidates have keys above 1, all others 0: a threshold of 0 takes every candidate.
  const keys = (candidates: Tensor) => tf.mul(candidates, tf.add(noise, 1));
  const own = keys(positive);
  const last = tf.slice(tf.topk(own, most).values, [0, most - 1], [-1, 1]);
  const positives = chosen(own, last);
  const others = keys(negative);
  const left = tf.sub(all, tf.sum(positives, 1, true));
  const negatives = chosen(others, nth(tf.topk(others, all).values, left));
  return { positive: stopGradient(positives), negative: stopGradient(negatives) };
}
