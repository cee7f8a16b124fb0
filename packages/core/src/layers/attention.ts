import { KcrError } from '../ground/error.ts';
import type { Dim } from '../model/dim.ts';
import type { Scope, TokenLayout } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { dropout } from './dropout.ts';
import { linear, linearParts } from './linear.ts';

export interface AttentionOptions {
  heads: number;
  /** Channels of a head. Default: those of the embedding, divided by the heads. */
  headDim?: number;
  qkvBias?: boolean;
  /** Dropout on the attention weights. */
  attnDrop?: number;
  /** Dropout after `proj`. */
  projDrop?: number;
  /**
   * Added to the scores before the softmax: [windows, heads, tokens, tokens], where `windows` divides the
   * batch. `heads` is the dimension of the heads that are left.
   */
  scoreBias?: (m: Scope, heads: Dim) => Tensor;
  /** Where the tokens lie in a map. */
  layout?: TokenLayout;
}

/**
 * Multi-head self-attention with timm's parameters (`qkv`, `proj`).
 *
 * Dims `qk` and `v` are grouped by head. Scores keep the scale of the unpruned head size. Taps: `in`
 * (embed), `q`, `k` and `v` [batch, tokens, dim], `weights` [batch, heads, tokens, tokens] after the softmax,
 * `context` before `proj`.
 *
 * @param x [batch, tokens, embed]; on a grid, each window is an entry of the batch
 * @returns the same shape
 * @throws KcrError `SELECTION_HEADS` where q, k and v were left with different heads
 */
export function attention(m: Scope, x: Tensor, embed: Dim, options: AttentionOptions) {
  const { heads, headDim, qkvBias = true, attnDrop = 0, projDrop = 0, scoreBias, layout } = options;
  const [batch, tokens] = x.shape as [number, number];
  const { qk, v } = headDims(m, headDim ? headDim * heads : embed.full, heads);
  const read = m.tap('in', x, embed, { layout });
  const parts = linearParts(m.child('qkv'), read, embed, [qk, qk, v], { bias: qkvBias });
  const scale = (qk.full / qk.fullGroups) ** -0.5;
  const from = { value: read, axis: embed };
  const q = splitHeads(tf.mul(m.tap('q', parts[0]!, qk, { from, layout }), scale), qk.groups);
  const k = splitHeads(m.tap('k', parts[1]!, qk, { from, layout }), qk.groups);
  const values = splitHeads(m.tap('v', parts[2]!, v, { from, layout }), v.groups);
  const pairs = batch * tokens * tokens;
  const scores = tf.matMul(q, k, false, true);
  m.cost({ kind: 'attention', positions: pairs, in: qk, out: 1, kernel: 1 });
  const biased = scoreBias ? addBias(scores, scoreBias(m, m.groupsOf('heads', qk))) : scores;
  const shape = [batch, qk.groups, tokens, tokens];
  const weights = m.tap('weights', tf.reshape(tf.softmax(biased), shape), undefined, {
    layout,
  });
  const kept = dropout(m.child('attn_drop'), tf.reshape(weights, scores.shape), attnDrop);
  const mixed = tf.matMul(kept, values);
  m.cost({ kind: 'attention', positions: pairs, in: v, out: 1, kernel: 1 });
  const context = m.tap('context', joinHeads(mixed, v.groups), v);
  const out = linear(m.child('proj'), context, v, embed);
  return dropout(m.child('proj_drop'), out, projDrop);
}

/**
 * The dimensions `qk` and `v` of an attention layer, grouped by head.
 *
 * @param width of q (and k, and v), or the dimension whose channels they are
 * @throws KcrError `SELECTION_HEADS` where they were left with different heads
 */
export function headDims(m: Scope, width: number | Dim, heads: number): { qk: Dim; v: Dim } {
  const options = { groups: heads, groupSet: 'heads' };
  const [qk, v] = [m.dim('qk', width, options), m.dim('v', width, options)];
  if (qk.groupIds.join() !== v.groupIds.join())
    throw new KcrError('SELECTION_HEADS', {
      where: m.path,
      found: `heads ${qk.groupIds} in qk and ${v.groupIds} in v`,
      fix: 'Keep the same heads in both',
    });
  return { qk, v };
}

/** Makes each head an entry of the batch: [batch, n, heads * d] -> [batch * heads, n, d]. */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, n, width] = x.shape as [number, number, number];
  const split = tf.transpose(tf.reshape(x, [batch, n, heads, width / heads]), [0, 2, 1, 3]);
  return tf.reshape(split, [batch * heads, n, width / heads]);
}

/** Undoes {@link splitHeads}: [batch * heads, n, d] -> [batch, n, heads * d]. */
export function joinHeads(x: Tensor, heads: number): Tensor {
  const [entries, n, d] = x.shape as [number, number, number];
  const joined = tf.transpose(tf.reshape(x, [entries / heads, heads, n, d]), [0, 2, 1, 3]);
  return tf.reshape(joined, [entries / heads, n, heads * d]);
}

/** Adds [windows, heads, tokens, tokens] to [batch * heads, tokens, tokens], by broadcasting. */
function addBias(scores: Tensor, bias: Tensor): Tensor {
  const [windows, heads, tokens] = bias.shape as [number, number, number];
  const inner = [windows * heads, tokens, tokens];
  const sum = tf.add(tf.reshape(scores, [-1, ...inner]), tf.reshape(bias, inner));
  return tf.reshape(sum, scores.shape);
}
