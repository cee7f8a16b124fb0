import type { Scope } from '../scope.ts';
import { type Tensor, tf } from '../tf.ts';

/**
 * Stochastic depth: in training, drops a residual branch for a random share `rate` of the images and
 * scales the others by 1 / (1 - rate).
 *
 * @param x [batch, ...]
 * @param rate in [0, 1)
 */
export function dropPath(m: Scope, x: Tensor, rate: number): Tensor {
  if (!m.training || rate === 0) return x;
  const shape = [x.shape[0]!, ...Array<number>(x.rank - 1).fill(1)];
  const keep = tf.floor(tf.add(m.draw('drop_path', shape, 'uniform'), 1 - rate));
  return tf.mul(x, tf.mul(keep, 1 / (1 - rate)));
}
