import { type Tensor, tf } from '@kcr/core';
import { type BoxWeights, encodeBoxes } from '../boxes/box-coding.ts';
import type { Assignment } from './assign.ts';
import type { BoxOutput } from './box-head.ts';
import { weightedMean } from './losses.ts';
import { ofClass, oneHotOf } from './of-class.ts';

/** Regions that the losses read. */
export interface RegionSample {
  /** [batch, n, 4] */
  boxes: Tensor;
  /** What each is to find. */
  own: Assignment;
  /** 1 for the regions that count, [batch, n]. */
  weights: Tensor;
}

/**
 * Cross-entropy of the classes, and the distance of the boxes to what they are to find.
 *
 * @param classes 0..classes-1, [1, classes]
 */
export function boxLosses(
  { logits, deltas }: BoxOutput,
  { boxes, own, weights }: RegionSample,
  classes: Tensor,
  coding: BoxWeights,
): { classLoss: Tensor; boxLoss: Tensor } {
  const foreground = oneHotOf(own.labels, classes);
  const background = tf.sub(1, tf.sum(foreground, 1, true));
  const targets = tf.concat([foreground, background], 1);
  const surprise = tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), targets), 1));
  const flat = tf.reshape(weights, [-1]);
  const positive = tf.mul(flat, tf.reshape(own.positive, [-1]));
  const goal = tf.reshape(encodeBoxes(own.boxes, boxes, coding), [-1, 4]);
  const apart = tf.sum(tf.abs(tf.sub(ofClass(deltas, foreground), goal)), 1);
  return {
    classLoss: weightedMean(surprise, flat),
    boxLoss: weightedMean(apart, positive, flat),
  };
}
