import {
  defineAdapter,
  linear,
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
  /** First value of theta's bias; above 0, so that attention starts with its channels. Default 2. */
  initial?: number;
  /** Of the relaxed mask, through which gradients pass. */
  temperature?: TemperatureOptions;
}

/** 1 where theta is above 0; in training with noise, its gradient that of the relaxed mask. [..., dim] */
function maskOf(m: Scope, { from, dim }: TapInfo, options: QkMaskOptions): Tensor {
  const { initial = 2 } = options;
  const theta = m.tap(
    'theta',
    linear(m, from!.value, from!.axis, dim!, {
      init: truncatedNormal(0.02),
      biasInit: (_, shape) => new Float32Array(shape[0]!).fill(initial),
    }),
    dim,
  );
  if (!m.training) return hardMask(theta);
  const tau = m.schedule('temperature', (progress) => temperature(progress, options.temperature));
  return straightThrough(gumbelSigmoid(theta, m.draw('noise', theta.shape, 'logistic'), tau));
}

/**
 * Channel selection for attention weights (DCS 3.1): q and k are multiplied by a binary mask that depends on
 * the input, theta = W x + b for each token, with x what q and k are computed from. Evaluation has no noise.
 *
 * The layer `qk_mask` (or `q_mask` and `k_mask`) beside each q and k is a part of the model: its D x D
 * weights and their MACs are in the model's counts, and masking saves none, since it differs from token to
 * token. With linear attention it acts before the ReLU, in every branch.
 */
export const qkMask = defineAdapter('qkMask', '@kcr/masks', (options: QkMaskOptions) => () => {
  const shared = new Map<string, Tensor>();
  return (m, value, info) => {
    if (!info.from || !info.dim || (info.role !== 'q' && info.role !== 'k')) return value;
    if (options.separate) {
      return tf.mul(value, maskOf(m.child(`${info.role}_mask`), info, options));
    }
    // q and k of one attention are in one scope, and q comes first.
    const mask = shared.get(m.path) ?? maskOf(m.child('qk_mask'), info, options);
    shared.set(m.path, mask);
    return tf.mul(value, mask);
  };
});
