import type { Scope } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

interface Drop {
  rate: number;
  /** Of the random numbers in the scope. */
  name: string;
  shape: readonly number[];
}

/** Zeroes a random share `rate` of the entries that `shape` tells apart, and scales up the rest. */
function drop(m: Scope, x: Tensor, { rate, name, shape }: Drop): Tensor {
  if (!m.training || rate === 0) return x;
  const keep = tf.floor(tf.add(m.draw(name, shape, 'uniform'), 1 - rate));
  return tf.mul(x, tf.mul(keep, 1 / (1 - rate)));
}

/**
 * Dropout: in training, zeroes a random share `rate` of all values and scales the others by 1 / (1 - rate).
 *
 * @param rate in [0, 1)
 */
export const dropout = (m: Scope, x: Tensor, rate: number): Tensor =>
  drop(m, x, { rate, name: 'dropout', shape: x.shape });

/**
 * Stochastic depth: in training, drops a residual branch for a random share `rate` of the images and
 * scales the others by 1 / (1 - rate).
 *
 * @param x [batch, ...]
 * @param rate in [0, 1)
 */
export const dropPath = (m: Scope, x: Tensor, rate: number): Tensor =>
  drop(m, x, {
    rate,
    name: 'drop_path',
    shape: [x.shape[0]!, ...Array<number>(x.rank - 1).fill(1)],
  });
