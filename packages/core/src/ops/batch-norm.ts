import { type Tensor, tf } from '../tf.ts';
import { defineComposite } from './composite.ts';

const axesBeforeLast = (x: { shape: readonly number[] }) =>
  Array.from({ length: x.shape.length - 1 }, (_, i) => i);

const batchNormOp = defineComposite<{ eps: number }>({
  name: 'BatchNorm',
  saved: ['x', 'gamma'],
  savedOutputs: [false, true, true],
  shapes: ({ x }) => {
    const channels = { shape: x!.shape.slice(-1), dtype: 'float32' as const };
    return [{ shape: x!.shape, dtype: 'float32' }, channels, channels];
  },
  compute: ({ x, gamma, beta }, { eps }) => {
    const axes = axesBeforeLast(x!);
    const mean = tf.mean(x!, axes);
    const centred = tf.sub(x!, mean);
    const variance = tf.mean(tf.square(centred), axes);
    const scale = tf.mul(gamma!, tf.rsqrt(tf.add(variance, eps)));
    return [tf.add(tf.mul(centred, scale), beta!), mean, variance];
  },
  gradient: ([dy], [x, gamma, mean, variance], { eps }) => {
    const axes = axesBeforeLast(x!);
    const count = x!.size / x!.shape.at(-1)!;
    const invStd = tf.rsqrt(tf.add(variance!, eps));
    const shift = tf.sum(dy!, axes);
    const slope = tf.mul(tf.sum(tf.mul(dy!, tf.sub(x!, mean!)), axes), invStd);
    return {
      // scale * (dy - mean(dy) - normalised * mean(dy * normalised)), its factors collected by channel.
      x: () => {
        const scale = tf.mul(gamma!, invStd);
        const along = tf.mul(tf.mul(scale, invStd), tf.mul(slope, -1 / count));
        const offset = tf.sub(tf.mul(tf.mul(scale, shift), -1 / count), tf.mul(along, mean!));
        return tf.add(tf.add(tf.mul(dy!, scale), tf.mul(x!, along)), offset);
      },
      gamma: () => slope,
      beta: () => shift,
    };
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
