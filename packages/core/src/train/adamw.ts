import { type Tensor, tf } from '../tf.ts';

/** AdamW's constants (Loshchilov & Hutter 2019), under PyTorch's names. */
export interface AdamWOptions {
  weightDecay: number;
  betas: readonly [number, number];
  eps: number;
}

/**
 * What AdamW needs anew in each step. The bias correction of the second moment is moved from it to the step's
 * size and eps, which saves a pass over all parameters (Kingma & Ba 2015, section 2).
 */
export interface AdamWStep<T = number> {
  /** lr sqrt(1 - beta2^t) / (1 - beta1^t) */
  size: T;
  /** eps sqrt(1 - beta2^t) */
  eps: T;
  /** 1 - lr x weight decay */
  keep: T;
}

/** The step's numbers. `t` counts from 1. */
export function adamWStep(t: number, lr: number, options: AdamWOptions): AdamWStep {
  const [beta1, beta2] = options.betas;
  const correction = Math.sqrt(1 - beta2 ** t);
  return {
    size: (lr * correction) / (1 - beta1 ** t),
    eps: options.eps * correction,
    keep: 1 - lr * options.weightDecay,
  };
}

/** A parameter with its gradient and moments, all of one shape. */
export type Moments = Record<'value' | 'gradient' | 'm' | 'v', Tensor>;

/** One update with decoupled weight decay, which `decay` switches on. */
export function adamW(
  { value, gradient, m, v }: Moments,
  step: AdamWStep<Tensor>,
  { betas: [beta1, beta2] }: AdamWOptions,
  decay: boolean,
): { value: Tensor; m: Tensor; v: Tensor } {
  const nextM = tf.add(tf.mul(m, beta1), tf.mul(gradient, 1 - beta1));
  const nextV = tf.add(tf.mul(v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const divisor = tf.add(tf.sqrt(nextV), step.eps);
  const kept = decay ? tf.mul(value, step.keep) : value;
  return { value: tf.sub(kept, tf.div(tf.mul(nextM, step.size), divisor)), m: nextM, v: nextV };
}

/** Scales gradients so that their common norm is at most `maxNorm` (PyTorch's `clip_grad_norm_`). */
export function clipGradients(gradients: readonly Tensor[], maxNorm: number): Tensor[] {
  const squares = gradients.map((g) => tf.sum(tf.square(g)));
  const norm = tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
  const scale = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
  return gradients.map((g) => tf.mul(g, scale));
}
