import type { AdapterTap } from '../model/adapter.ts';
import type { TokenLayout } from '../model/scope.ts';
import { inverse, reindex } from '../ops/reindex.ts';
import { stopGradient } from '../ops/stop-gradient.ts';
import { chosenMask } from '../ops/take-tokens.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { requireAttention, requireLayout } from './token-checks.ts';
import { chosenTokens, fromMap, prefixOf, tapKept, toMap } from './token-places.ts';
import type { TokenContext, TokenSelector } from './token-selector.ts';

/** For each of attention's tokens, the one at the same place among those of the tap `tokens`, or -1. */
function attentionOrder(tokens: TokenLayout, attention: TokenLayout): number[] {
  const at = new Map(tokens.positions.map((position, i) => [position, i]));
  return attention.positions.map((position) => at.get(position) ?? -1);
}

/** Sets the tokens to 0 and hides them from attention. */
export function tokenHiding(name: string, selector: TokenSelector): AdapterTap {
  let attention: { weights: Tensor; layout: TokenLayout } | undefined;
  let block = 0;
  /** Of the tokens of one grid, in the order of the tap `tokens`: [images, n]. */
  let left: { mask: Tensor; count: number; layout: TokenLayout } | undefined;
  const sameGrid = (layout: TokenLayout) =>
    left?.layout.height === layout.height && left.layout.width === layout.width;
  return (m, value, info) => {
    if (info.role === 'weights') {
      const layout = requireLayout(name, info.layout);
      attention = { weights: value, layout };
      return left && sameGrid(layout)
        ? hide(value, left.mask, attentionOrder(left.layout, layout))
        : value;
    }
    if (info.role !== 'tokens') return value;
    const { weights, layout: attentionLayout } = requireAttention(name, attention, info);
    const layout = requireLayout(name, info.layout);
    if (!sameGrid(layout)) left = undefined;
    const [n, prefix, d] = [layout.positions.length, prefixOf(layout), value.shape[2]!];
    const tokens = tf.reshape(value, [-1, n, d]);
    const order = attentionOrder(layout, attentionLayout);
    const context: TokenContext = {
      scope: m,
      embed: info.dim!,
      block: block++,
      tokens,
      prefix,
      attention: weights,
      perToken: (values) => reindex(tf.reshape(values, [-1, order.length]), inverse(order, n), 1),
      toMap: (values) => toMap(values, layout),
      fromMap: (map) => fromMap(map, layout),
    };
    const before = left?.count ?? n - prefix;
    const count = selector.keep(context.block, before);
    if (count < before) {
      const scores = selector.scores(context);
      const usable = left ? tf.sub(scores, tf.mul(tf.sub(1, left.mask), 1e30)) : scores;
      const mask = stopGradient(chosenMask(chosenTokens(usable, count, prefix), n));
      left = { mask, count, layout };
    }
    if (!left) return value;
    tapKept(m, toMap(tf.expandDims(left.mask, 2), layout));
    const shape = [-1, value.shape[1]!, 1];
    return tf.mul(value, tf.reshape(left.mask, shape));
  };
}

/**
 * Attention among the tokens that are left: as if the softmax had not seen the others.
 *
 * @param weights [entries, heads, m, m]
 * @param mask [images, n]
 * @param order for each of attention's tokens the one of the mask; those of none stay visible
 */
function hide(weights: Tensor, mask: Tensor, order: readonly number[]): Tensor {
  const seen = tf.add(reindex(tf.sub(mask, 1), order, 1), 1);
  const keys = tf.reshape(seen, [-1, 1, 1, weights.shape[3]!]);
  const visible = tf.mul(weights, keys);
  return tf.div(visible, tf.add(tf.sum(visible, -1, true), 1e-12));
}
