import { type Dim, linear, normal, type Scope, type Tensor, tf } from '@kcr/core';
import { type BoxWeights, decodeBoxes, encodeBoxes } from '../boxes/boxes.ts';
import type { Assignment } from './assign.ts';
import { weightedMean } from './losses.ts';

/** What the head says of regions. */
export interface BoxOutput {
  /** The background is the last class: [regions, classes + 1]. */
  logits: Tensor;
  /** [regions, classes or 1, 4] */
  deltas: Tensor;
}

export interface BoxHeadOptions {
  classes: number;
  /** Width of the two hidden layers. */
  hidden: number;
  /** One box for all classes. */
  classAgnostic: boolean;
}

/**
 * Two hidden layers, classes and boxes (OpenMMLab's `Shared2FCBBoxHead`; regions are flattened channels last).
 *
 * @param regions [regions, size, size, channels]
 */
export function boxHead(
  m: Scope,
  regions: Tensor,
  channels: Dim,
  { classes, hidden: width, classAgnostic }: BoxHeadOptions,
): BoxOutput {
  const places = regions.shape[1]! * regions.shape[2]!;
  let x = tf.reshape(regions, [regions.shape[0]!, -1]);
  let input: Dim | Dim[] = Array<Dim>(places).fill(channels);
  for (const i of [0, 1]) {
    const fc = m.child('shared_fcs').child(i);
    const hidden = fc.dim('hidden', width);
    x = fc.tap('out', tf.relu(linear(fc, x, input, hidden)), hidden);
    input = hidden;
  }
  const boxes = classAgnostic ? 1 : classes;
  const logits = linear(m.child('fc_cls'), x, input, classes + 1, { init: normal(0.01) });
  const deltas = linear(m.child('fc_reg'), x, input, 4 * boxes, { init: normal(0.001) });
  return { logits, deltas: tf.reshape(deltas, [-1, boxes, 4]) };
}

/** One row per region of a value that has one per class, or one for all: [regions, classes or 1, d] -> [regions, d]. */
export function ofClass(values: Tensor, oneHot: Tensor): Tensor {
  if (values.shape[1] === 1) return tf.squeeze(values, [1]);
  return tf.sum(tf.mul(values, tf.expandDims(oneHot, 2)), 1);
}

/** Labels as rows with a 1, or zeros for labels below 0: [n] -> [n, classes]. */
export const oneHotOf = (labels: Tensor, classes: Tensor): Tensor =>
  tf.cast(tf.equal(tf.reshape(labels, [-1, 1]), classes), 'float32');

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

/** Boxes of every class: [batch, n, 4] -> [batch, n, classes or 1, 4]. */
export function decodeClasses({ deltas }: BoxOutput, boxes: Tensor, coding: BoxWeights): Tensor {
  const [batch, n] = boxes.shape as [number, number, number];
  const each = tf.reshape(deltas, [batch, n, -1, 4]);
  return decodeBoxes(each, tf.expandDims(boxes, 2), coding);
}
