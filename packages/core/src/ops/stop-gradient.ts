import { type Tensor, tf } from '../tensor/tf.ts';

const detached = (value: Tensor) =>
  tf.customGrad((link) => ({
    value: tf.clone(value),
    gradFunc: () => tf.zerosLike(link as Tensor),
  })) as (link: Tensor) => Tensor;

/**
 * The same value as a constant: no gradient passes to what it was computed from, and none is computed there,
 * so that `x` may come from ops that have none (comparisons, the largest k).
 */
export const stopGradient = (x: Tensor): Tensor => detached(x)(tf.scalar(0));
