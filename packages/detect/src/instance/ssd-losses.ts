import { stopGradient, type Tensor, tf } from '@kcr/core';
import { encodeBoxes } from '../boxes/box-coding.ts';
import { assign } from './assign.ts';
import { smoothL1, weightedMean } from './losses.ts';
import { oneHotOf } from './of-class.ts';
import { hardest } from './sampling.ts';
import { CODING } from './ssd-coding.ts';
import type { Truth } from './truth.ts';

/** SSD's losses: the hardest background boxes, a few for each that finds an object. */
export function losses(
  { logits, deltas, boxes }: Record<'logits' | 'deltas' | 'boxes', Tensor>,
  truth: Truth,
  classes: Tensor,
  ratio: number,
) {
  const own = assign(boxes, truth, { positive: 0.5, best: true });
  const [batch, n] = own.positive.shape as [number, number];
  const foreground = oneHotOf(own.labels, classes);
  const background = tf.sub(1, tf.sum(foreground, 1, true));
  const targets = tf.concat([foreground, background], 1);
  const rows = tf.logSoftmax(tf.reshape(logits, [batch * n, -1]));
  const surprise = tf.reshape(tf.neg(tf.sum(tf.mul(rows, targets), 1)), [batch, n]);
  const chosen = hardest(
    tf.mul(own.negative, surprise),
    tf.mul(tf.sum(own.positive, 1, true), ratio),
  );
  const weights = tf.add(own.positive, chosen);
  const goal = stopGradient(encodeBoxes(own.boxes, boxes, CODING));
  const apart = tf.sum(smoothL1(tf.sub(deltas, goal)), 2);
  return {
    classLoss: weightedMean(surprise, weights, own.positive),
    boxLoss: weightedMean(apart, own.positive),
  };
}
