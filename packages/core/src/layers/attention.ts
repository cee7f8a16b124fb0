import type { Dim } from '../dim.ts';
import { KcrError } from '../error.ts';
import type { Scope } from '../scope.ts';
import { type Tensor, tf } from '../tf.ts';
import { linear, linearParts } from './linear.ts';

export interface AttentionOptions {
  heads: number;
  qkvBias?: boolean;
}

/**
 * Multi-head self-attention with timm's parameters (`qkv`, `proj`).
 *
 * Dims `qk` and `v` are grouped by head. Scores keep the scale of the unpruned head size. Taps: `q`, `k`
 * and `v` [batch, tokens, dim], `weights` [batch, heads, tokens, tokens] after the softmax, `context`
 * before `proj`.
 *
 * @param x [batch, tokens, embed]
 * @returns the same shape
 * @throws KcrError `SELECTION_HEADS` where q, k and v were left with different heads
 */
export function attention(
  m: Scope,
  x: Tensor,
  embed: Dim,
  { heads, qkvBias = true }: AttentionOptions,
) {
  const [batch, tokens] = x.shape as [number, number];
  const qk = m.dim('qk', embed.full, { groups: heads });
  const v = m.dim('v', embed.full, { groups: heads });
  if (qk.groupIds.join() !== v.groupIds.join())
    throw new KcrError('SELECTION_HEADS', {
      where: m.path,
      found: `heads ${qk.groupIds} in qk and ${v.groupIds} in v`,
      fix: 'Keep the same heads in both',
    });
  const parts = linearParts(m.child('qkv'), x, embed, [qk, qk, v], { bias: qkvBias });
  const perHead = (value: Tensor, dim: Dim) =>
    tf.reshape(
      tf.transpose(
        tf.reshape(value, [batch, tokens, dim.groups, dim.size / dim.groups]),
        [0, 2, 1, 3],
      ),
      [batch * dim.groups, tokens, dim.size / dim.groups],
    );
  const scale = (qk.full / qk.fullGroups) ** -0.5;
  const q = perHead(tf.mul(m.tap('q', parts[0]!, qk), scale), qk);
  const k = perHead(m.tap('k', parts[1]!, qk), qk);
  const values = perHead(m.tap('v', parts[2]!, v), v);
  const scores = tf.matMul(q, k, false, true);
  m.cost({ kind: 'attention', positions: tokens * tokens, in: qk, out: 1, kernel: 1 });
  const shape = [batch, qk.groups, tokens, tokens];
  const weights = m.tap('weights', tf.reshape(tf.softmax(scores), shape));
  const mixed = tf.matMul(tf.reshape(weights, scores.shape), values);
  m.cost({ kind: 'attention', positions: tokens * tokens, in: v, out: 1, kernel: 1 });
  const joined = tf.reshape(
    tf.transpose(tf.reshape(mixed, [batch, v.groups, tokens, v.size / v.groups]), [0, 2, 1, 3]),
    [batch, tokens, v.size],
  );
  return linear(m.child('proj'), m.tap('context', joined, v), v, embed);
}
