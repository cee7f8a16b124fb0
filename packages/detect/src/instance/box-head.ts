import { classifier, type Dim, linear, normal, type Scope, type Tensor, tf } from '@kcr/core';
import { type BoxWeights, decodeBoxes } from '../boxes/box-coding.ts';

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
  const logits = classifier(m.child('fc_cls'), x, input, classes + 1, { init: normal(0.01) });
  const reg = classAgnostic ? m.child('fc_reg') : m.child('fc_reg').classifier();
  const deltas = linear(reg, x, input, 4 * boxes, { init: normal(0.001) });
  return { logits, deltas: tf.reshape(deltas, [-1, boxes, 4]) };
}

/** Boxes of every class: [batch, n, 4] -> [batch, n, classes or 1, 4]. */
export function decodeClasses({ deltas }: BoxOutput, boxes: Tensor, coding: BoxWeights): Tensor {
  const [batch, n] = boxes.shape as [number, number, number];
  const each = tf.reshape(deltas, [batch, n, -1, 4]);
  return decodeBoxes(each, tf.expandDims(boxes, 2), coding);
}
