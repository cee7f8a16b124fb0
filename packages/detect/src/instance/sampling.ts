import { arange, stopGradient, type Tensor, tf } from '@kcr/core';
import type { Assignment } from './assign.ts';
import { flag } from './flag.ts';

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
