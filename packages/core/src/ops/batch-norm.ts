import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

const axesBeforeLast = (x: Tensor) => Array.from({ length: x.rank - 1 }, (_, i) => i);

export const batchNormGradientOp = defineOp({
  name: 'BatchNormGradient',
  inputs: ['x', 'dy', 'gamma', 'mean', 'variance'],
  outputs: ['dx', 'dGamma', 'dBeta'],
  // scale * (dy - mean(dy) - normalised * mean(dy * normalised)), its factors collected by channel.
  compute: ({ x, dy, gamma, mean, variance }, { eps }: { eps: number }) => {
    const axes = axesBeforeLast(x);
    const count = x.size / x.shape.at(-1)!;
    const invStd = tf.rsqrt(tf.add(variance, eps));
    const shift = tf.sum(dy, axes);
    const slope = tf.mul(tf.sum(tf.mul(dy, tf.sub(x, mean)), axes), invStd);
    const scale = tf.mul(gamma, invStd);
    const along = tf.mul(tf.mul(scale, invStd), tf.mul(slope, -1 / count));
    const offset = tf.sub(tf.mul(tf.mul(scale, shift), -1 / count), tf.mul(along, mean));
    const dx = tf.add(tf.add(tf.mul(dy, scale), tf.mul(x, along)), offset);
    return { dx, dGamma: slope, dBeta: shift };
  },
  shapes: ({ x, gamma }) => ({ dx: x, dGamma: gamma, dBeta: gamma }),
});

export const batchNormOp = defineOp({
  name: 'BatchNorm',
  inputs: ['x', 'gamma', 'beta'],
  outputs: ['y', 'mean', 'variance'],
  saved: ['x', 'gamma', 'mean', 'variance'],
  compute: ({ x, gamma, beta }, { eps }: { eps: number }) => {
    const axes = axesBeforeLast(x);
    const mean = tf.mean(x, axes);
    const centred = tf.sub(x, mean);
    const variance = tf.mean(tf.square(centred), axes);
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, eps)));
    return { y: tf.add(tf.mul(centred, scale), beta), mean, variance };
  },
  gradient: ({ dy: { y: dy }, x, gamma, mean, variance }, attrs) => {
    const { dx, dGamma, dBeta } = batchNormGradientOp({ x, dy, gamma, mean, variance }, attrs);
    return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
  },
  shapes: ({ x, gamma }) => ({ y: x, mean: gamma, variance: gamma }),
});

/**
 * Normalises each channel by its mean and variance over all axes but the last (Ioffe and Szegedy 2015).
 *
 * @param x [..., d]
 * @param gamma [d]
 * @param beta [d]
 * @returns the normalised values `y`, and the batch's mean and biased variance [d], which no gradient passes
 */
export const batchNorm = (x: Tensor, gamma: Tensor, beta: Tensor, eps: number) =>
  batchNormOp({ x, gamma, beta }, { eps });

export const scaleShiftOp = defineOp({
  name: 'ScaleShift',
  inputs: ['x', 'scale', 'shift'],
  saved: ['x', 'scale'],
  compute: ({ x, scale, shift }) => tf.add(tf.mul(x, scale), shift),
  gradient: ({ dy, x, scale }) => ({
    x: () => tf.mul(dy, scale),
    scale: () => tf.sum(tf.mul(dy, x), axesBeforeLast(x)),
    shift: () => tf.sum(dy, axesBeforeLast(x)),
  }),
  shapes: ({ x }) => x,
});

/** A factor and an offset for each channel. [..., d], [d], [d] -> [..., d] */
export const scaleShift = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  scaleShiftOp({ x, scale, shift });
