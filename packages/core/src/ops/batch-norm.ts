import { type Tensor, tf } from '../tensor/tf.ts';
import { defineComposite } from './composite.ts';

const axesBeforeLast = (x: { shape: readonly number[] }) =>
  Array.from({ length: x.shape.length - 1 }, (_, i) => i);

const perChannel = (x: { shape: readonly number[] }) => ({
  shape: x.shape.slice(-1),
  dtype: 'float32' as const,
});

const batchNormGradient = defineComposite<{ eps: number }>({
  name: 'BatchNormGradient',
  shapes: ({ x }) => [{ shape: x!.shape, dtype: 'float32' }, perChannel(x!), perChannel(x!)],
  // scale * (dy - mean(dy) - normalised * mean(dy * normalised)), its factors collected by channel.
  compute: ({ x, dy, gamma, mean, variance }, { eps }) => {
    const axes = axesBeforeLast(x!);
    const count = x!.size / x!.shape.at(-1)!;
    const invStd = tf.rsqrt(tf.add(variance!, eps));
    const shift = tf.sum(dy!, axes);
    const slope = tf.mul(tf.sum(tf.mul(dy!, tf.sub(x!, mean!)), axes), invStd);
    const scale = tf.mul(gamma!, invStd);
    const along = tf.mul(tf.mul(scale, invStd), tf.mul(slope, -1 / count));
    const offset = tf.sub(tf.mul(tf.mul(scale, shift), -1 / count), tf.mul(along, mean!));
    const dx = tf.add(tf.add(tf.mul(dy!, scale), tf.mul(x!, along)), offset);
    return [dx, slope, shift];
  },
});

const batchNormOp = defineComposite<{ eps: number }>({
  name: 'BatchNorm',
  saved: ['x', 'gamma'],
  savedOutputs: [false, true, true],
  shapes: ({ x }) => [{ shape: x!.shape, dtype: 'float32' }, perChannel(x!), perChannel(x!)],
  compute: ({ x, gamma, beta }, { eps }) => {
    const axes = axesBeforeLast(x!);
    const mean = tf.mean(x!, axes);
    const centred = tf.sub(x!, mean);
    const variance = tf.mean(tf.square(centred), axes);
    const scale = tf.mul(gamma!, tf.rsqrt(tf.add(variance, eps)));
    return [tf.add(tf.mul(centred, scale), beta!), mean, variance];
  },
  gradient: ([dy], [x, gamma, mean, variance], attrs) => {
    const given = { x: x!, dy: dy!, gamma: gamma!, mean: mean!, variance: variance! };
    const [dx, dGamma, dBeta] = batchNormGradient(given, attrs) as [Tensor, Tensor, Tensor];
    return { x: () => dx, gamma: () => dGamma, beta: () => dBeta };
  },
});

/**
 * Normalises each channel by its mean and variance over all axes but the last (Ioffe and Szegedy 2015).
 *
 * @param x [..., d]
 * @param gamma [d]
 * @param beta [d]
 * @returns the normalised values, and the batch's mean and biased variance [d], which no gradient passes
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, eps: number) {
  const [y, mean, variance] = batchNormOp({ x, gamma, beta }, { eps });
  return { y: y!, mean: mean!, variance: variance! };
}

const scaleShiftOp = defineComposite<Record<string, never>>({
  name: 'ScaleShift',
  saved: ['x', 'scale'],
  shapes: ({ x }) => [{ shape: x!.shape, dtype: 'float32' }],
  compute: ({ x, scale, shift }) => [tf.add(tf.mul(x!, scale!), shift!)],
  gradient: ([dy], [x, scale]) => ({
    x: () => tf.mul(dy!, scale!),
    scale: () => tf.sum(tf.mul(dy!, x!), axesBeforeLast(x!)),
    shift: () => tf.sum(dy!, axesBeforeLast(x!)),
  }),
});

/** A factor and an offset for each channel. [..., d], [d], [d] -> [..., d] */
export const scaleShift = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  scaleShiftOp({ x, scale, shift }, {})[0]!;
