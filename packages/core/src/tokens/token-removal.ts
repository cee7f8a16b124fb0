import type { AdapterTap } from '../model/adapter.ts';
import type { Architecture } from '../model/architecture.ts';
import type { Dim } from '../model/dim.ts';
import type { Scope } from '../model/scope.ts';
import { stopGradient } from '../ops/stop-gradient.ts';
import { chosenMask, takeTokens } from '../ops/take-tokens.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import {
  requireAttended,
  requireAttention,
  requireLayout,
  requireTokenSet,
} from './token-checks.ts';
import {
  choosePlaces,
  chosenTokens,
  type Places,
  placesCount,
  prefixOf,
  putInPlaces,
  readPlaces,
  tapKept,
} from './token-places.ts';
import type { TokenContext, TokenSelector } from './token-selector.ts';

/** Takes the tokens out. */
export function tokenRemoval(
  name: string,
  selector: TokenSelector,
  architecture: Architecture,
): AdapterTap {
  requireTokenSet(name, architecture);
  let attention: Tensor | undefined;
  let block = 0;
  let prefix: number | undefined;
  let places: Places | undefined;
  return (m, value, info) => {
    if (info.role === 'weights') attention = value;
    if (info.role !== 'tokens') return value;
    const weights = requireAttention(name, attention, info);
    prefix ??= prefixOf(info.layout);
    const n = value.shape[1]!;
    // Where another adapter merged tokens, places are unknown.
    places = info.layout ? { whole: info.layout } : places;
    const known = places && placesCount(places) === n ? places : undefined;
    const context: TokenContext = {
      scope: m,
      embed: info.dim!,
      block: block++,
      tokens: value,
      prefix,
      attention: weights,
      perToken: (values) => values,
      toMap: (values) => putInPlaces(values, requireLayout(name, known)),
      fromMap: (map) => readPlaces(map, requireLayout(name, known)),
    };
    const count = Math.max(selector.keep(context.block, n - prefix), 1 - prefix);
    if (count >= n - prefix) return value;
    requireAttended(name, weights.shape[3]!, value, info);
    const scores = selector.scores(context);
    const indices = chosenTokens(scores, count, prefix);
    places = known && choosePlaces(known, indices, { fused: selector.fuse ?? false });
    const kept = takeTokens(value, indices);
    if (places) tapKept(m, putInPlaces(ones(value, placesCount(places)), places));
    return selector.fuse
      ? tf.concat([kept, fusedToken(m, info.dim!, { tokens: value, scores, indices })], 1)
      : kept;
  };
}

/** [images, n, 1] for the images of `like`. */
const ones = (like: Tensor, n: number): Tensor =>
  tf.onesLike(tf.slice(like, [0, 0, 0], [-1, n, 1]));

/** The sum of the tokens that were not chosen, each times its score. [images, 1, d] */
function fusedToken(
  m: Scope,
  dim: Dim,
  { tokens, scores, indices }: Record<'tokens' | 'scores' | 'indices', Tensor>,
) {
  const n = tokens.shape[1]!;
  const gone = stopGradient(tf.sub(1, chosenMask(indices, n)));
  m.cost({ kind: 'attention', positions: n, in: dim, out: 1, kernel: 1 });
  return tf.matMul(tf.expandDims(tf.mul(scores, gone), 1), tokens);
}
