import { KcrError } from '../ground/error.ts';
import { type Axis, axisParts, type Dim, partDim } from '../model/dim.ts';
import { ones, zeros } from '../model/initializer.ts';
import type { Scope } from '../model/scope.ts';
import { batchNorm as batchNormOp, scaleShift } from '../ops/batch-norm.ts';
import { layerNorm as layerNormOp } from '../ops/layer-norm.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/**
 * Layer normalisation over the last axis. [..., axis] -> [..., axis]
 *
 * @throws KcrError `NORM_PRUNABLE` where the axis has channels that may be pruned: those that are left would be normalised by
 *   statistics of fewer, so a pruned model would not be the masked one
 */
export function layerNorm(m: Scope, x: Tensor, axis: Axis, eps = 1e-6): Tensor {
  const prunable = axisParts(axis)
    .flatMap((part) => partDim(part) ?? [])
    .find((dim) => dim.prunable);
  if (prunable)
    throw new KcrError('NORM_PRUNABLE', {
      where: m.path,
      found: `a layer norm over ${prunable.name}, whose channels may be pruned`,
      fix: 'Declare the dim with `prunable: false`, or normalise before the channels are chosen',
    });
  return layerNormOp(x, m.param('weight', [axis], ones), m.param('bias', [axis], zeros), eps);
}

export interface BatchNormOptions {
  eps?: number;
  /** Share of the new batch in the running statistics, as PyTorch's. */
  momentum?: number;
}

/**
 * Batch normalisation over all axes but the last. In training it uses the batch's statistics and
 * moves `running_mean` and `running_var` (unbiased, as PyTorch), otherwise, and where these are frozen, it uses them. Where the
 * scope has several processes, the batch is that of all of them.
 *
 * @param x [..., dim]
 */
export function batchNorm(m: Scope, x: Tensor, dim: Dim, options: BatchNormOptions = {}): Tensor {
  const { eps = 1e-5, momentum = 0.1 } = options;
  const gamma = m.param('weight', [dim], ones);
  const beta = m.param('bias', [dim], zeros);
  const runningMean = m.buffer('running_mean', [dim], zeros);
  const runningVar = m.buffer('running_var', [dim], ones);
  const batches = m.counter('num_batches_tracked');
  if (!m.training || m.isFrozen('running_mean')) {
    const scale = tf.mul(gamma, tf.rsqrt(tf.add(runningVar, eps)));
    return scaleShift(x, scale, tf.sub(beta, tf.mul(runningMean, scale)));
  }
  const { processes } = m;
  const { y, mean, variance } = batchNormOp(x, gamma, beta, { eps, processes });
  const count = (processes * x.size) / dim.size;
  const blend = (old: Tensor, now: Tensor) =>
    tf.add(tf.mul(old, 1 - momentum), tf.mul(now, momentum));
  m.assign('running_mean', blend(runningMean, mean));
  m.assign('running_var', blend(runningVar, tf.mul(variance, count / Math.max(count - 1, 1))));
  m.assign('num_batches_tracked', tf.add(batches, tf.scalar(1, 'int32')));
  return y;
}
