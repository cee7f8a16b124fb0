import {
  axisSize,
  constantInit,
  defineAdapter,
  fanInUniform,
  KcrError,
  type LinearOptions,
  linear,
  type Progress,
  type Scope,
  type TapInfo,
  type Tensor,
  tf,
  truncatedNormal,
} from '@kcr/core';
import { gumbelSigmoid, hardMask, straightThrough } from './gumbel.ts';
import { type TemperatureOptions, temperature } from './temperature.ts';

export interface QkMaskOptions {
  /** A mask of its own for q and for k, as in DCS-QK-Mask, instead of one for both. Default false. */
  separate?: boolean;
  /**
   * First values of theta's layer. `linear`, the default: PyTorch's for a linear layer, so that the mask starts half open
   * and differs from token to token. A number: the bias, with weights of 0.02; above 0 the mask starts open, which leaves
   * weights that were trained without it as they are.
   */
  initial?: 'linear' | number;
  /** Of the relaxed mask, through which gradients pass. */
  temperature?: TemperatureOptions;
  /**
   * Noise in training. `constant`, the default: as published; binary masks do not see the temperature, so they stay as
   * random to the end. `annealed`: it falls with the temperature, and training ends with the masks of evaluation.
   */
  noise?: 'constant' | 'annealed';
}

/** What the noise of an epoch is multiplied by. */
export const noiseScale = (
  { epoch, epochs }: Pick<Progress, 'epoch' | 'epochs'>,
  { noise, temperature: options }: QkMaskOptions,
): number =>
  noise === 'annealed'
    ? temperature({ epoch, epochs }, options) / temperature({ epoch: 0, epochs }, options)
    : 1;

/** @throws KcrError `OPTION` */
function checkOptions({ initial, noise }: QkMaskOptions): void {
  const refuse = (where: string, found: unknown, fix: string) => {
    throw new KcrError('OPTION', { where: `qkMask, ${where}`, found: String(found), fix });
  };
  if (initial !== undefined && initial !== 'linear' && !Number.isFinite(initial))
    refuse('initial', initial, 'Use "linear" or a number');
  if (noise !== undefined && noise !== 'constant' && noise !== 'annealed')
    refuse('noise', noise, 'Use "constant" or "annealed"');
}

/** First values of theta's layer, which reads `inputs` channels. */
function firstValues(inputs: number, initial: QkMaskOptions['initial'] = 'linear'): LinearOptions {
  if (initial === 'linear') return { init: fanInUniform(inputs), biasInit: fanInUniform(inputs) };
  return { init: truncatedNormal(0.02), biasInit: constantInit(initial) };
}

/** 1 where theta is above 0; in training with noise, its gradient that of the relaxed mask. [..., dim] */
function maskOf(m: Scope, { from, dim }: TapInfo, options: QkMaskOptions): Tensor {
  const { value, axis } = from!;
  const layer = linear(m, value, axis, dim!, firstValues(axisSize(axis), options.initial));
  const theta = m.tap('theta', layer, dim);
  if (!m.training) return hardMask(theta);
  const tau = m.schedule('temperature', (progress) => temperature(progress, options.temperature));
  return straightThrough(gumbelSigmoid(theta, noiseOf(m, theta, options), tau));
}

/** Standard logistic, or less of it. */
function noiseOf(m: Scope, theta: Tensor, options: QkMaskOptions): Tensor {
  const noise = m.draw('noise', theta.shape, 'logistic');
  if (options.noise !== 'annealed') return noise;
  return tf.mul(
    noise,
    m.schedule('noiseScale', (progress) => noiseScale(progress, options)),
  );
}

/**
 * Channel selection for attention weights (DCS 3.1): q and k are multiplied by a binary mask that depends on
 * the input, theta = W x + b for each token, with x what q and k are computed from. Evaluation has no noise.
 *
 * The layer `qk_mask` (or `q_mask` and `k_mask`) beside each q and k is a part of the model: its D x D
 * weights and their MACs are in the model's counts, and masking saves none, since it differs from token to
 * token. With linear attention it acts before the ReLU, in every branch.
 *
 * @throws KcrError `OPTION`
 */
export const qkMask = defineAdapter({
  name: 'qkMask',
  about: 'a mask of q and k that is computed from the tokens (DCS)',
  module: '@kcr/masks',
  contract: 1,
  attach: (options: QkMaskOptions) => {
    checkOptions(options);
    return () => {
      const shared = new Map<string, Tensor>();
      return (m, value, info) => {
        if (!info.from || !info.dim || (info.role !== 'q' && info.role !== 'k')) return value;
        if (options.separate)
          return tf.mul(value, maskOf(m.child(`${info.role}_mask`), info, options));
        // q and k of one attention are in one scope, and q comes first.
        const mask = shared.get(m.path) ?? maskOf(m.child('qk_mask'), info, options);
        shared.set(m.path, mask);
        return tf.mul(value, mask);
      };
    };
  },
});
