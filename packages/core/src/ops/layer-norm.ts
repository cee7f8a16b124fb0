import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

export const layerNormOp = defineOp({
  name: 'LayerNorm',
  inputs: ['x', 'gamma', 'beta'],
  outputs: ['y', 'mean', 'invStd'],
  saved: ['x', 'gamma', 'mean', 'invStd'],
  compute: ({ x, gamma, beta }, { eps }: { eps: number }) => {
    const mean = tf.mean(x, 1, true);
    const centred = tf.sub(x, mean);
    const invStd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
    return { y: tf.add(tf.mul(tf.mul(centred, invStd), gamma), beta), mean, invStd };
  },
  gradient: ({ dy: { y: dy }, x, gamma, mean, invStd }) => {
    const size = x.shape[1]!;
    const normalised = tf.mul(tf.sub(x, mean), invStd);
    const product = tf.mul(dy, normalised);
    return {
      x: () => {
        // The row means of dy*gamma and dy*gamma*normalised, as products with a vector.
        const weights = tf.reshape(tf.mul(gamma, 1 / size), [size, 1]);
        const shift = tf.matMul(dy, weights);
        const slope = tf.matMul(product, weights);
        const along = tf.add(tf.mul(normalised, slope), shift);
        return tf.mul(tf.sub(tf.mul(dy, gamma), along), invStd);
      },
      gamma: () => tf.sum(product, 0),
      beta: () => tf.sum(dy, 0),
    };
  },
  shapes: ({ x }) => {
    const rows = { ...x, shape: [x.shape[0]!, 1] };
    return { y: x, mean: rows, invStd: rows };
  },
});

/**
 * Layer normalisation over the last axis, with affine parameters.
 *
 * @param x [..., d]
 * @param gamma [d]
 * @param beta [d]
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps: number): Tensor {
  const rows = tf.reshape(x, [-1, x.shape.at(-1)!]);
  const { y } = layerNormOp({ x: rows, gamma, beta }, { eps });
  return tf.reshape(y, x.shape);
}
