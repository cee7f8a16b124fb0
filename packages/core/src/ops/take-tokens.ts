import { type Tensor, tf } from '../tensor/tf.ts';
import { arange } from './arange.ts';
import { defineOp } from './op.ts';
import { stopGradient } from './stop-gradient.ts';

export const takeTokensOp = defineOp({
  name: 'TakeTokens',
  inputs: ['x', 'indices'],
  saved: ['x', 'indices'],
  compute: ({ x, indices }) => {
    // As rows of one matrix: gather with batch dimensions is wrong on TensorFlow.js' wasm backend.
    const [images, n, d] = x.shape as [number, number, number];
    const first = tf.cast(tf.mul(arange([images, 1]), n), 'int32');
    const rows = tf.reshape(tf.add(indices, first), [-1]);
    const taken = tf.gather(tf.reshape(x, [images * n, d]), tf.cast(rows, 'int32') as tf.Tensor1D);
    return tf.reshape(taken, [images, indices.shape[1]!, d]);
  },
  gradient: ({ dy, x, indices }) => ({
    x: () => takeTokens(zeroTokenAfter(dy), placesOf(indices, x.shape[1]!)),
  }),
});

/**
 * Some of each image's tokens. No token may be taken twice from an image, so that the gradient is a choice
 * again.
 *
 * @param x [images, n, d]
 * @param indices int32 [images, k], in 0..n-1
 * @returns [images, k, d]
 */
export const takeTokens = (x: Tensor, indices: Tensor): Tensor => takeTokensOp({ x, indices });

/** `x` with a token of zeros after its last, for indices that point at no token. */
export const zeroTokenAfter = (x: Tensor): Tensor =>
  tf.pad(x, [
    [0, 0],
    [0, 1],
    [0, 0],
  ]);

/**
 * Undoes a choice of tokens: where each of `n` tokens is among those chosen, or their number.
 *
 * @param indices int32 [images, k]
 * @returns int32 [images, n]
 */
export function placesOf(indices: Tensor, n: number): Tensor {
  const k = indices.shape[1]!;
  const chosen = tokenOneHot(indices, n);
  const shift = tf.sub(arange([1, k, 1]), k);
  return tf.cast(tf.add(tf.sum(tf.mul(chosen, shift), 1), k), 'int32');
}

/** 1 where a token is among those chosen, else 0: int32 [images, k] -> [images, n]. */
export const chosenMask = (indices: Tensor, n: number): Tensor =>
  tf.sum(tokenOneHot(indices, n), 1);

/** Each choice as a row that is 1 at its token, else 0: int32 [images, k] -> [images, k, n]. */
export const tokenOneHot = (indices: Tensor, n: number): Tensor =>
  tf.cast(tf.equal(tf.expandDims(tf.cast(indices, 'float32'), 2), arange([1, 1, n])), 'float32');

/**
 * The tokens with the highest scores, in the order of the tokens; of equal ones the first.
 *
 * @param scores [images, n]
 * @returns int32 [images, k]; gradients do not pass
 */
export function topTokens(scores: Tensor, k: number): Tensor {
  const { indices } = tf.topk(scores, k);
  const { values } = tf.topk(tf.neg(tf.cast(indices, 'float32')), k);
  return stopGradient(tf.cast(tf.neg(values), 'int32'));
}
