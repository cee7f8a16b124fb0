import type { Dim } from '../dim.ts';
import { ones, zeros } from '../initializer.ts';
import { layerNorm as layerNormOp } from '../ops/layer-norm.ts';
import type { Scope } from '../scope.ts';
import { type Tensor, tf } from '../tf.ts';

/** Layer normalisation over the last axis, `dim`. [..., dim] -> [..., dim] */
export function layerNorm(m: Scope, x: Tensor, dim: Dim, eps = 1e-6): Tensor {
  return layerNormOp(x, m.param('weight', [dim], ones), m.param('bias', [dim], zeros), eps);
}

export interface BatchNormOptions {
  eps?: number;
  /** Share of the new batch in the running statistics, as PyTorch's. */
  momentum?: number;
}

/**
 * Batch normalisation over all axes but the last. In training it uses the batch's statistics and
 * moves `running_mean` and `running_var` (unbiased, as PyTorch), otherwise it uses those.
 *
 * @param x [..., dim]
 */
export function batchNorm(m: Scope, x: Tensor, dim: Dim, options: BatchNormOptions = {}): Tensor {
  const { eps = 1e-5, momentum = 0.1 } = options;
  const gamma = m.param('weight', [dim], ones);
  const beta = m.param('bias', [dim], zeros);
  const runningMean = m.buffer('running_mean', [dim], zeros);
  const runningVar = m.buffer('running_var', [dim], ones);
  if (!m.training) {
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(runningVar, eps)));
    return tf.add(tf.mul(x, scale), tf.sub(beta, tf.mul(runningMean, scale)));
  }
  const rows = tf.reshape(x, [-1, dim.size]);
  const count = rows.shape[0]!;
  const mean = tf.mean(rows, 0);
  const centred = tf.sub(rows, mean);
  const variance = tf.mean(tf.square(centred), 0);
  const blend = (old: Tensor, now: Tensor) =>
    tf.add(tf.mul(old, 1 - momentum), tf.mul(now, momentum));
  m.assign('running_mean', blend(runningMean, mean));
  m.assign('running_var', blend(runningVar, tf.mul(variance, count / Math.max(count - 1, 1))));
  const normalised = tf.mul(centred, tf.mul(gamma, tf.rsqrt(tf.add(variance, eps))));
  return tf.reshape(tf.add(normalised, beta), x.shape);
}
