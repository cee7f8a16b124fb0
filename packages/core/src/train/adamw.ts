import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOptimizer } from './optimizer.ts';

/** AdamW's constants (Loshchilov & Hutter 2019), under PyTorch's names. */
export interface AdamWOptions {
  /** Default 0.05, as for vision transformers. */
  weightDecay: number;
  /** Default 0.9 and 0.999. */
  betas: readonly [number, number];
  /** Default 1e-8. */
  eps: number;
}

/**
 * What AdamW needs anew in each step. Moments are kept as sums, m = beta1 m + g and v = beta2 v + g^2, so that
 * their factors 1 - beta, and the bias corrections, are in the step's size and eps alone: three passes fewer
 * over all parameters (Kingma & Ba 2015, end of section 2).
 */
export interface AdamWStep<T = number> {
  /** lr (1 - beta1) / (1 - beta1^t), divided by `spread` */
  size: T;
  /** eps / `spread`, where `spread` = sqrt((1 - beta2) / (1 - beta2^t)) makes sqrt(v) a mean */
  eps: T;
  /** 1 - lr x weight decay */
  keep: T;
}

/** The step's numbers. `t` counts from 1. */
export function adamWStep(t: number, lr: number, options: AdamWOptions): AdamWStep {
  const [beta1, beta2] = options.betas;
  const spread = Math.sqrt((1 - beta2) / (1 - beta2 ** t));
  return {
    size: (lr * (1 - beta1)) / (1 - beta1 ** t) / spread,
    eps: options.eps / spread,
    keep: 1 - lr * options.weightDecay,
  };
}

/** A parameter with its gradient and moments, all of one shape. */
export type Moments = Record<'value' | 'gradient' | 'm' | 'v', Tensor>;

/** What differs from parameter to parameter. */
export interface AdamWParameter {
  /** Whether weight decay applies. */
  decay: boolean;
  /** Factor of the learning rate. Default 1. */
  rate?: number;
}

/** One update with decoupled weight decay. */
export function adamW(
  { value, gradient, m, v }: Moments,
  step: AdamWStep<Tensor>,
  { betas: [beta1, beta2] }: AdamWOptions,
  { decay, rate = 1 }: AdamWParameter,
): { value: Tensor; m: Tensor; v: Tensor } {
  const nextM = tf.add(tf.mul(m, beta1), gradient);
  const nextV = tf.add(tf.mul(v, beta2), tf.square(gradient));
  const divisor = tf.add(tf.sqrt(nextV), step.eps);
  const size = rate === 1 ? step.size : tf.mul(step.size, rate);
  const keep = rate === 1 ? step.keep : tf.add(tf.mul(step.keep, rate), 1 - rate);
  const kept = decay ? tf.mul(value, keep) : value;
  return { value: tf.sub(kept, tf.div(tf.mul(nextM, size), divisor)), m: nextM, v: nextV };
}

/** AdamW (Loshchilov and Hutter 2019), as `torch.optim.AdamW`. */
export const adamw = defineOptimizer<Partial<AdamWOptions>, 'm' | 'v', keyof AdamWStep>({
  name: 'adamw',
  about: 'Adam with decoupled weight decay (AdamW)',
  contract: 1,
  make({ betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0.05 }) {
    const options: AdamWOptions = { betas, eps, weightDecay };
    return {
      options,
      slots: ['m', 'v'],
      numbers: (t, lr) => ({ ...adamWStep(t, lr, options) }),
      update: (parameters, step) =>
        parameters.map(({ value, gradient, state, decay, rate }) => {
          const next = adamW({ value, gradient, ...state }, step, options, { decay, rate });
          return { value: next.value, state: { m: next.m, v: next.v } };
        }),
    };
  },
});
