import { type Tensor, tf } from '../tensor/tf.ts';
import { allGather } from './all-gather.ts';
import { defineOp } from './op.ts';
import { stopGradient } from './stop-gradient.ts';

const axesBeforeLast = (x: Tensor) => Array.from({ length: x.rank - 1 }, (_, i) => i);

export const batchMomentsOp = defineOp({
  name: 'BatchMoments',
  inputs: ['x'],
  outputs: ['mean', 'variance'],
  compute: ({ x }) => {
    const axes = axesBeforeLast(x);
    const mean = tf.mean(x, axes);
    return { mean, variance: tf.mean(tf.square(tf.sub(x, mean)), axes) };
  },
  shapes: ({ x: { shape, dtype } }) => {
    const channels = { shape: shape.slice(-1), dtype };
    return { mean: channels, variance: channels };
  },
});

export const batchNormSumsOp = defineOp({
  name: 'BatchNormSums',
  inputs: ['x', 'dy', 'mean', 'variance'],
  outputs: ['dGamma', 'dBeta'],
  compute: ({ x, dy, mean, variance }, { eps }: { eps: number }) => {
    const axes = axesBeforeLast(x);
    const invStd = tf.rsqrt(tf.add(variance, eps));
    const dGamma = tf.mul(tf.sum(tf.mul(dy, tf.sub(x, mean)), axes), invStd);
    return { dGamma, dBeta: tf.sum(dy, axes) };
  },
  shapes: ({ mean }) => ({ dGamma: mean, dBeta: mean }),
});

/** What batch norms have besides tensors. */
interface BatchNormAttrs {
  readonly eps: number;
  /** Processes whose images the statistics are of. */
  readonly processes: number;
}

export const batchNormGradientOp = defineOp({
  name: 'BatchNormGradient',
  inputs: ['x', 'dy', 'gamma', 'mean', 'variance', 'dGamma', 'dBeta'],
  // scale * (dy - mean(dy) - normalised * mean(dy * normalised)), its factors collected by channel.
  compute: (
    { x, dy, gamma, mean, variance, dGamma, dBeta },
    { eps, processes }: BatchNormAttrs,
  ) => {
    const part = -1 / (processes * (x.size / x.shape.at(-1)!));
    const invStd = tf.rsqrt(tf.add(variance, eps));
    const scale = tf.mul(gamma, invStd);
    const along = tf.mul(tf.mul(scale, invStd), tf.mul(dGamma, part));
    const offset = tf.sub(tf.mul(tf.mul(scale, dBeta), part), tf.mul(along, mean));
    return tf.add(tf.add(tf.mul(dy, scale), tf.mul(x, along)), offset);
  },
  shapes: ({ x }) => x,
});

/** Rows of channels, each as all processes have it. [d] ... -> [processes, d] ... */
const gatherRows = (rows: readonly Tensor[], processes: number): Tensor[] =>
  tf.unstack(allGather(tf.stack([...rows]), processes), 1);

export const batchNormOp = defineOp({
  name: 'BatchNorm',
  inputs: ['x', 'gamma', 'beta', 'mean', 'variance'],
  saved: ['x', 'gamma', 'mean', 'variance'],
  compute: ({ x, gamma, beta, mean, variance }, { eps }: BatchNormAttrs) => {
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, eps)));
    return tf.add(tf.mul(tf.sub(x, mean), scale), beta);
  },
  // Mean and variance are of x: what they pass to it is in its gradient.
  gradient: ({ dy, x, gamma, mean, variance }, { eps, processes }) => {
    const own = batchNormSumsOp({ x, dy, mean, variance }, { eps });
    const ofAll = () => {
      if (processes === 1) return own;
      const [dGammas, dBetas] = gatherRows([own.dGamma, own.dBeta], processes);
      return { dGamma: tf.sum(dGammas!, 0), dBeta: tf.sum(dBetas!, 0) };
    };
    return {
      x: () =>
        batchNormGradientOp({ x, dy, gamma, mean, variance, ...ofAll() }, { eps, processes }),
      gamma: () => own.dGamma,
      beta: () => own.dBeta,
    };
  },
  shapes: ({ x }) => x,
});

/** Mean and biased variance of the values of all processes, which have as many each (Chan et al. 1979, equation 2.1). */
function momentsOfAll(own: Moments, processes: number): Moments {
  const [means, variances] = gatherRows([own.mean, own.variance], processes);
  const mean = tf.mean(means!, 0);
  const between = tf.mean(tf.square(tf.sub(means!, mean)), 0);
  return { mean, variance: tf.add(tf.mean(variances!, 0), between) };
}

/** Of each channel: [d] */
interface Moments {
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/**
 * Normalises each channel by its mean and variance over all axes but the last (Ioffe and Szegedy 2015).
 *
 * @param x [..., d]
 * @param gamma [d]
 * @param beta [d]
 * @param attrs `eps` is added to the variance; `processes` that run the step together, each with as many values, share their
 *   statistics: 1 where each has its own
 * @returns the normalised values `y`, and the batch's mean and biased variance [d], which no gradient passes
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, attrs: BatchNormAttrs) {
  const own = batchMomentsOp({ x: stopGradient(x) });
  const moments = attrs.processes === 1 ? own : momentsOfAll(own, attrs.processes);
  return { y: batchNormOp({ x, gamma, beta, ...moments }, { ...attrs }), ...moments };
}

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
