import type { Scope, TokenLayout } from '../model/scope.ts';
import { arange } from '../ops/arange.ts';
import { inverse, reindex } from '../ops/reindex.ts';
import { stopGradient } from '../ops/stop-gradient.ts';
import { placesOf, takeTokens, topTokens, zeroTokenAfter } from '../ops/take-tokens.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/** Puts tokens where they lie, zeros elsewhere: [images, n, c] -> [images, height, width, c]. */
export const toMap = (values: Tensor, { height, width, positions }: TokenLayout): Tensor => {
  const cells = reindex(values, inverse(positions, height * width), 1);
  return tf.reshape(cells, [-1, height, width, values.shape[2]!]);
};

/** Reads a map where tokens lie: [images, height, width, c] -> [images, n, c]. */
export const fromMap = (map: Tensor, { height, width, positions }: TokenLayout): Tensor =>
  reindex(tf.reshape(map, [-1, height * width, map.shape[3]!]), positions, 1);

/** Tokens at the front that lie nowhere: 1 for a class token. */
export function prefixOf(layout: TokenLayout | undefined): number {
  const first = layout?.positions.findIndex((position) => position >= 0) ?? 0;
  return Math.max(first, 0);
}

/** Tap `kept` [images, height, width, 1]: 1 where a token is left, else 0. Nothing reads what it is replaced by. */
export const tapKept = (m: Scope, map: Tensor): void => void m.tap('kept', map);

/** Where the tokens that are left came from. */
export interface Places {
  whole: TokenLayout;
  /** Index among all tokens, int32 [images, n]; absent while all are there. */
  origin?: Tensor;
}

/** How many tokens are left. */
export const placesCount = ({ whole, origin }: Places) =>
  origin?.shape[1] ?? whole.positions.length;

/** {@link toMap} of the tokens that are left. */
export function putInPlaces(values: Tensor, { whole, origin }: Places): Tensor {
  if (!origin) return toMap(values, whole);
  const back = placesOf(origin, whole.positions.length);
  return toMap(takeTokens(zeroTokenAfter(values), back), whole);
}

/** {@link fromMap} of the tokens that are left. */
export function readPlaces(map: Tensor, { whole, origin }: Places): Tensor {
  const tokens = fromMap(map, whole);
  return origin ? takeTokens(zeroTokenAfter(tokens), origin) : tokens;
}

/** The places of chosen tokens; the token of a sum after them has none, so that its origin is after all. */
export function choosePlaces(
  { whole, origin }: Places,
  indices: Tensor,
  { fused }: { fused: boolean },
): Places {
  const chosen = origin ? takeIndices(origin, indices) : indices;
  return { whole, origin: fused ? tf.pad(chosen, afterLast, whole.positions.length) : chosen };
}

const afterLast: [number, number][] = [
  [0, 0],
  [0, 1],
];

/** Picks from int32 [images, n] by int32 [images, k]. */
function takeIndices(values: Tensor, indices: Tensor): Tensor {
  const picked = takeTokens(tf.expandDims(tf.cast(values, 'float32'), 2), indices);
  return stopGradient(tf.cast(tf.squeeze(picked, [2]), 'int32'));
}

/** The prefix and the best of the others, in order. [images, n] -> int32 [images, prefix + count] */
export function chosenTokens(scores: Tensor, count: number, prefix: number): Tensor {
  const images = tf.slice(scores, [0, prefix], [-1, -1]);
  // From the scores, so that no constant has the batch's size.
  const none = tf.zerosLike(tf.slice(scores, [0, 0], [-1, prefix]));
  const front = prefix > 1 ? tf.add(none, arange([1, prefix])) : none;
  if (count === 0) return stopGradient(tf.cast(front, 'int32'));
  const best = tf.add(tf.cast(topTokens(images, count), 'float32'), prefix);
  const before: [number, number][] = [
    [0, 0],
    [prefix, 0],
  ];
  const all = prefix > 1 ? tf.concat([front, best], 1) : tf.pad(best, before);
  return stopGradient(tf.cast(all, 'int32'));
}
