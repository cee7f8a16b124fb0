import { type Tensor, tf } from '../tensor/tf.ts';

/** A parameter whose gradient is clipped. */
export interface ClippedParameter {
  readonly value: Tensor;
  readonly gradient: Tensor;
  /** Whether adaptive clipping applies. */
  readonly adaptive: boolean;
}

/** Square root of the sum of all squares. A scalar. */
export function commonNorm(tensors: readonly Tensor[]): Tensor {
  const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)));
  return tf.sqrt(squares.reduce((sum, square) => tf.add(sum, square)));
}

/** Scales gradients so that their common norm is at most `maxNorm` (PyTorch's `clip_grad_norm_`). */
function byNorm(parameters: readonly ClippedParameter[], maxNorm: number): Tensor[] {
  const norm = commonNorm(parameters.map(({ gradient }) => gradient));
  const scale = tf.minimum(tf.div(maxNorm, tf.add(norm, 1e-6)), 1);
  return parameters.map(({ gradient }) => tf.mul(gradient, scale));
}

/** Cuts each number of a gradient off at `most` from 0 (PyTorch's `clip_grad_value_`). */
const byValue = (parameters: readonly ClippedParameter[], most: number): Tensor[] =>
  parameters.map(({ gradient }) => tf.clipByValue(gradient, -most, most));

/** Norms of the parts of a parameter that belong to one output each: of its rows; of a vector as a whole. */
function unitNorms(x: Tensor): Tensor {
  const axes = Array.from({ length: Math.max(x.rank - 1, 0) }, (_, i) => i + 1);
  return tf.sqrt(tf.sum(tf.square(x), x.rank > 1 ? axes : undefined, true));
}

/**
 * Adaptive gradient clipping (Brock et al. 2021, eq. 3): the gradient of each unit is at most `factor` times as long as its
 * weights, or as 1e-3. Units are rows, as in timm's `adaptive_clip_grad`, and the model's last layer is left out, as there; so are
 * parameters of plugins, which may start at 0 and have no units.
 */
const adaptively = (parameters: readonly ClippedParameter[], factor: number): Tensor[] =>
  parameters.map(({ value, gradient, adaptive }) => {
    if (!adaptive) return gradient;
    const most = tf.mul(tf.maximum(unitNorms(value), 1e-3), factor);
    const norm = unitNorms(gradient);
    const scale = tf.div(most, tf.maximum(norm, 1e-6));
    return tf.mul(gradient, tf.where(tf.less(norm, most), 1, scale));
  });

/** How gradients are clipped, under timm's names: by their common norm, number by number, or adaptively. */
export type ClipMode = 'norm' | 'value' | 'agc';

const MODES: Readonly<Record<ClipMode, typeof byNorm>> = {
  norm: byNorm,
  value: byValue,
  agc: adaptively,
};

/** All modes. */
export const clipModes = Object.keys(MODES) as readonly ClipMode[];

/** How gradients are clipped, as timm's `clip_grad` and `clip_mode` say it. */
export interface ClipOptions {
  /** The largest norm, the largest number, or the factor of adaptive clipping; absent: gradients stay as they are. */
  clipGrad?: number;
  /** What `clipGrad` is the largest of. Default `norm`. */
  clipMode?: ClipMode;
}

/** The gradients of parameters that are updated together, clipped. */
export const clipGradients = (
  parameters: readonly ClippedParameter[],
  { clipGrad, clipMode = 'norm' }: ClipOptions,
): Tensor[] =>
  clipGrad ? MODES[clipMode](parameters, clipGrad) : parameters.map(({ gradient }) => gradient);
