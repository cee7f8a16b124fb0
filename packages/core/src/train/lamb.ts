import { type Tensor, tf } from '../tensor/tf.ts';
import { commonNorm } from './clip-gradients.ts';
import { defineOptimizer, type OptimizedParameter, type UpdatedParameter } from './optimizer.ts';

/** The constants of LAMB, under timm's names. */
export interface LambOptions {
  /** Default 0.01. */
  weightDecay: number;
  /** Default 0.9 and 0.999. */
  betas: readonly [number, number];
  /** Default 1e-6. */
  eps: number;
  /** Largest common norm of the gradients, before anything else; null: any. Default 1. */
  maxGradNorm: number | null;
  /** Whether the moments are corrected for their start at 0. Default true. */
  biasCorrection: boolean;
  /** Whether the trust ratio is at most 1 (LAMBC). Default false. */
  trustClip: boolean;
  /** Whether parameters without weight decay have a trust ratio too. Default false. */
  alwaysAdapt: boolean;
  /** Whether weights decay by lr times weight decay, as in AdamW, and not as a part of the update. Default false. */
  decoupledDecay: boolean;
}

/** What LAMB needs anew in each step: the learning rate, and what corrects the moments. */
type LambNumbers = 'lr' | 'first' | 'second';

/**
 * LAMB (You et al. 2020, algorithm 2), as timm's `Lamb`: the update of each parameter is Adam's, scaled to the norm of the
 * parameter itself, so that all layers move by the same share of their size.
 */
export const lamb = defineOptimizer<Partial<LambOptions>, 'm' | 'v', LambNumbers>({
  name: 'lamb',
  about: 'steps of the size of each parameter, for large batches (LAMB)',
  contract: 1,
  make({
    weightDecay = 0.01,
    betas = [0.9, 0.999],
    eps = 1e-6,
    maxGradNorm = 1,
    biasCorrection = true,
    trustClip = false,
    alwaysAdapt = false,
    decoupledDecay = false,
  }) {
    const rules = { biasCorrection, trustClip, alwaysAdapt, decoupledDecay };
    const options: LambOptions = { weightDecay, betas, eps, maxGradNorm, ...rules };
    const [beta1, beta2] = betas;
    return {
      options,
      slots: ['m', 'v'],
      numbers: (t, lr) => ({
        lr,
        first: biasCorrection ? 1 / (1 - beta1 ** t) : 1,
        second: biasCorrection ? 1 / Math.sqrt(1 - beta2 ** t) : 1,
      }),
      update(parameters, numbers) {
        if (maxGradNorm === null)
          return parameters.map((parameter) => updated(parameter, numbers, options));
        const norm = commonNorm(parameters.map(({ gradient }) => gradient));
        const scale = tf.div(1, tf.maximum(tf.div(norm, maxGradNorm), 1));
        return parameters.map((parameter) => {
          const gradient = tf.mul(parameter.gradient, scale);
          return updated({ ...parameter, gradient }, numbers, options);
        });
      },
    };
  },
});

function updated(
  { value, gradient, state, decay, rate }: OptimizedParameter<'m' | 'v'>,
  { lr, first, second }: Readonly<Record<LambNumbers, Tensor>>,
  { betas: [beta1, beta2], eps, ...options }: LambOptions,
): UpdatedParameter<'m' | 'v'> {
  const m = tf.add(tf.mul(state.m, beta1), tf.mul(gradient, 1 - beta1));
  const v = tf.add(tf.mul(state.v, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const adam = tf.div(tf.mul(m, first), tf.add(tf.mul(tf.sqrt(v), second), eps));
  const size = rate === 1 ? lr : tf.mul(lr, rate);
  const weightDecay = decay ? options.weightDecay : 0;
  const decoupled = weightDecay > 0 && options.decoupledDecay;
  const kept = decoupled ? tf.mul(value, tf.sub(1, tf.mul(size, weightDecay))) : value;
  const step = weightDecay > 0 && !decoupled ? tf.add(adam, tf.mul(value, weightDecay)) : adam;
  const adapts = weightDecay > 0 || options.alwaysAdapt;
  const trusted = adapts ? tf.mul(step, trustRatio(kept, step, options.trustClip)) : step;
  return { value: tf.sub(kept, tf.mul(trusted, size)), state: { m, v } };
}

/** |value| / |step|, and 1 where either is 0. */
function trustRatio(value: Tensor, step: Tensor, clip: boolean): Tensor {
  const [ofValue, ofStep] = [commonNorm([value]), commonNorm([step])];
  const isRatio = tf.logicalAnd(tf.greater(ofValue, 0), tf.greater(ofStep, 0));
  const ratio = tf.where(isRatio, tf.div(ofValue, tf.where(isRatio, ofStep, 1)), 1);
  return clip ? tf.minimum(ratio, 1) : ratio;
}
