import {
  conv2d,
  convNorm,
  type Dim,
  fanInUniform,
  headDims,
  joinHeads,
  reindex,
  type Scope,
  splitHeads,
  type TapOptions,
  type Tensor,
  take,
  tf,
} from '@kcr/core';
import { toMap, toTokens } from './tokens.ts';

const EPS = 1e-5;

export interface MultiScaleAttentionOptions {
  /** Channels of a head. */
  headDim: number;
  /** Kernel sizes of the aggregated branches, beside the plain one. */
  scales: readonly number[];
}

/**
 * ReLU linear attention: relu(q) (relu(k)^T [v, 1]), its last column dividing the others.
 * Taps `q`, `k`, `v` [batch, n, dim], `context`.
 */
function linearAttention(
  m: Scope,
  parts: Tensor[],
  { qk, v }: { qk: Dim; v: Dim },
  origin: TapOptions,
): Tensor {
  const [q, k] = [m.tap('q', parts[0]!, qk, origin), m.tap('k', parts[1]!, qk, origin)].map((x) =>
    splitHeads(tf.relu(x), qk.groups),
  ) as [Tensor, Tensor];
  const values = splitHeads(m.tap('v', parts[2]!, v, origin), v.groups);
  const [entries, n, width] = values.shape as [number, number, number];
  // The column of ones as a padding, so that no constant has the batch's size.
  const ones: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 1],
  ];
  const sums = tf.matMul(k, tf.pad(values, ones, 1), true);
  const mixed = tf.matMul(q, sums);
  const product = { kind: 'attention', positions: n, in: qk, kernel: 1 } as const;
  const out = [v, v.groups];
  for (let i = 0; i < 2; i++) m.cost({ ...product, out, groups: v.groups });
  const total = tf.slice(mixed, [0, 0, width], [entries, n, 1]);
  const weighed = tf.div(tf.slice(mixed, [0, 0, 0], [entries, n, width]), tf.add(total, EPS));
  return m.tap('context', joinHeads(weighed, v.groups), v);
}

/** q, k and v of [batch, n, heads * (q | k | v)], which goes head by head: three of [batch, n, heads * d]. */
function splitParts(x: Tensor, heads: number, headDim: number): Tensor[] {
  const [batch, n] = x.shape as [number, number];
  const grouped = tf.reshape(x, [batch * n, heads, 3 * headDim]);
  return tf.split(grouped, 3, 2).map((part) => tf.reshape(part, [batch, n, heads * headDim]));
}

/**
 * A convolution of each head's q, k and v with filters of their own, to those channels of `qk` and `v` that
 * are left. Its parameter is PyTorch's grouped 1x1 convolution, whose rows go head by head.
 *
 * @param parts q, k, v as [batch, n, heads * headDim]
 */
function perHeadProjection(
  m: Scope,
  parts: readonly Tensor[],
  { qk, v }: { qk: Dim; v: Dim },
  headDim: number,
): Tensor[] {
  const heads = qk.groups;
  const rows = qk.groupIds.flatMap((_, group) => [
    { dim: qk, group },
    { dim: qk, group },
    { dim: v, group },
  ]);
  const weight = m.param('weight', [rows, headDim, 1, 1], fanInUniform(headDim));
  const sizes = [qk.size, qk.size, v.size].map((size) => size / heads);
  const perGroup = tf.reshape(weight, [heads, -1, headDim]);
  const [batch, n] = parts[0]!.shape as [number, number];
  m.cost({ kind: 'linear', positions: n, in: headDim, out: rows, kernel: 1 });
  return tf.split(perGroup, sizes, 1).map((filters, i) => {
    const all = tf.reshape(parts[i]!, [batch * n, qk.fullGroups, headDim]);
    const present = heads < qk.fullGroups ? reindex(all, qk.groupIds, 1) : all;
    const y = tf.matMul(tf.transpose(present, [1, 0, 2]), filters, false, true);
    return tf.reshape(tf.transpose(y, [1, 0, 2]), [batch, n, heads * sizes[i]!]);
  });
}

/**
 * What `proj` reads of a branch's result. Dim `context` is the view of `v` with the channels that it reads, in any
 * number per head; tap `read` [batch, n, context].
 */
function contextRead(m: Scope, result: Tensor, v: Dim): { value: Tensor; dim: Dim } {
  const dim = m.dim('context', v);
  return { value: m.tap('read', take(result, dim), dim), dim };
}

/**
 * Multi-scale linear attention (`LiteMLA`): attention on q, k, v and on each of their aggregations over a
 * neighbourhood. Dims `branches.i.qk` and `branches.i.v`, grouped by head; the channels before the
 * aggregations belong to all branches and cannot be pruned. Dims `branches.i.context`, one after another, are
 * what `proj` reads of the branches' joined results (DCS, appendix A).
 */
export function multiScaleAttention(
  m: Scope,
  x: Tensor,
  channels: Dim,
  { headDim, scales }: MultiScaleAttentionOptions,
): Tensor {
  const heads = Math.floor(channels.full / headDim);
  const width = heads * headDim;
  const shared = m.dim('qkv', 3 * width, { prunable: false });
  const part = m.dim('part', width, { groups: heads, prunable: false });
  const [batch, height, columns] = x.shape as [number, number, number, number];
  const layout = { height, width: columns, positions: [...Array(height * columns).keys()] };
  const tokens = m.tap('in', toTokens(x), channels, { layout });
  const map = toMap(tokens, columns);
  const qkv = convNorm(m.child('qkv'), map, channels, shared, { kernel: 1, bias: false });
  const origin: TapOptions = { from: { value: tokens, axis: channels }, layout };
  const branches = m.child('branches');
  const plain = headDims(branches.child(0), part, heads);
  const own = splitParts(tf.reshape(qkv, [batch, -1, 3 * width]), heads, headDim);
  const present = own.map((value, i) => take(value, i < 2 ? plain.qk : plain.v));
  const first = linearAttention(branches.child(0), present, plain, origin);
  const contexts = [contextRead(branches.child(0), first, plain.v)];
  scales.forEach((kernel, i) => {
    const aggregation = m.child('aggreg').child(i);
    const spatial = { kernel, depthwise: true, bias: false };
    const near = conv2d(aggregation.child(0), qkv, shared, shared, spatial);
    const branch = branches.child(i + 1);
    const dims = headDims(branch, width, heads);
    const split = splitParts(tf.reshape(near, [batch, -1, 3 * width]), heads, headDim);
    const parts = perHeadProjection(aggregation.child(1), split, dims, headDim);
    contexts.push(contextRead(branch, linearAttention(branch, parts, dims, origin), dims.v));
  });
  const values = contexts.map(({ value }) => value);
  const joined = tf.reshape(tf.concat(values, 2), [batch, height, columns, -1]);
  const read = contexts.map(({ dim }) => dim);
  return convNorm(m.child('proj'), joined, read, channels, { kernel: 1, norm: 'norm' });
}
