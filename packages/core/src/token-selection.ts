import { type Adapter, type AdapterTap, defineAdapter } from './adapter.ts';
import type { Dim } from './dim.ts';
import { KcrError } from './error.ts';
import type { Architecture } from './model.ts';
import { inverse, reindex } from './ops/reindex.ts';
import { stopGradient } from './ops/stop-gradient.ts';
import { chosenMask, placesOf, takeTokens, topTokens, zeroTokenAfter } from './ops/take-tokens.ts';
import type { Scope, TapInfo, TokenLayout } from './scope.ts';
import { type Tensor, tf } from './tf.ts';

/** What a token selector may read between attention and MLP. */
export interface TokenContext {
  /** The block's scope, for costs and draws. */
  readonly scope: Scope;
  /** The last axis of `tokens`. */
  readonly embed: Dim;
  /** The transformer block, counted from 0. */
  readonly block: number;
  /** [images, n, d], the class token first where there is one. */
  readonly tokens: Tensor;
  /** Tokens at the front that are no part of the image and stay: 1 for a class token, else 0. */
  readonly prefix: number;
  /** The block's attention after the softmax, [entries, heads, m, m]; on grids each window is an entry. */
  readonly attention: Tensor;
  /** A value of each of attention's tokens, [entries, m], as one of each of `tokens`, [images, n]. */
  perToken(values: Tensor): Tensor;
  /** Puts tokens where they lie, zeros elsewhere: [images, n, c] -> [images, height, width, c]. */
  toMap(values: Tensor): Tensor;
  /** Reads a map where tokens lie: [images, height, width, c] -> [images, n, c]. */
  fromMap(map: Tensor): Tensor;
}

/** A way to choose tokens. */
export interface TokenSelector {
  /** How many of `n` image tokens to keep in a block; `n` or more: all. */
  keep(block: number, n: number): number;
  /** Scores, higher ones are kept: [images, n]; those of the prefix are not read. */
  scores(context: TokenContext): Tensor;
  /** Appends the sum of the tokens that go, each times its score (EViT). Default false. */
  fuse?: boolean;
  /**
   * Keep the places of tokens: those not chosen are set to 0 and no token attends to them, which gives the same
   * and saves nothing. The only way on grids. Default false.
   */
  inPlace?: boolean;
}

/** How many tokens a selector keeps: the counts by block, or a share of those that there are in some blocks. */
export type TokenCounts =
  | {
      /** Image tokens to keep, by block; the blocks after them take none out. */
      counts: readonly number[];
    }
  | {
      /** Share of the image tokens to keep, rounded up. */
      keepRatio: number;
      /** In these blocks, counted from 0. */
      blocks: readonly number[];
    };

/** {@link TokenSelector.keep} of {@link TokenCounts}. @throws KcrError `OPTION` */
export function tokensToKeep(where: string, options: TokenCounts): TokenSelector['keep'] {
  const refuse = (found: string, fix: string) => {
    throw new KcrError('OPTION', { where, found, fix });
  };
  if ('counts' in options) {
    const { counts } = options;
    if (counts.some((n) => !Number.isInteger(n) || n < 0))
      refuse(`counts ${counts.join(', ')}`, 'Give whole numbers from 0, one for each block');
    return (block, n) => counts[block] ?? n;
  }
  const { keepRatio, blocks } = options;
  if (!(keepRatio > 0 && keepRatio <= 1))
    refuse(`keepRatio ${keepRatio}`, 'Give a share above 0, at most 1');
  return (block, n) => (blocks.includes(block) ? Math.ceil(keepRatio * n) : n);
}

/**
 * Defines an adapter that takes tokens out of a ViT between attention and MLP, or on grids sets them to 0. Tap `kept`
 * [images, height, width, 1] shows which are left.
 *
 * @example
 * export const norms = defineTokenSelector('norms', 'my-package', (options: TokenCounts) => ({
 *   keep: tokensToKeep('norms', options),
 *   scores: ({ tokens }) => tf.sum(tf.square(tokens), 2),
 * }));
 */
export const defineTokenSelector = <O extends object>(
  name: string,
  module: string,
  make: (options: O) => TokenSelector,
): ((options: O) => Adapter) =>
  defineAdapter(name, module, (options: O) => {
    const selector = make(options);
    return (architecture) =>
      selector.inPlace ? inPlace(name, selector) : removal(name, selector, architecture);
  });

interface Attention {
  weights: Tensor;
  layout?: TokenLayout;
}

/** @throws KcrError `TOKENS_GRID` for an architecture whose tokens must stay where they are */
export function requireTokenSet(name: string, { name: family, tokens }: Architecture): void {
  if (tokens === 'grid')
    throw new KcrError('TOKENS_GRID', {
      where: `${name} on ${family}`,
      found: 'a model whose tokens are a grid, of which none can be taken out',
      fix: 'Use a ViT, or a selector with inPlace: true, which sets tokens to 0 and saves nothing',
    });
}

/**
 * Checks that the tokens of a tap `tokens` are still those that attended.
 *
 * @throws KcrError `TOKENS_CHANGED`
 */
export function requireAttended(name: string, attended: number, tokens: Tensor, info: TapInfo) {
  if (attended !== tokens.shape[1])
    throw new KcrError('TOKENS_CHANGED', {
      where: `${name} at ${info.name}`,
      found: `${tokens.shape[1]} tokens after attention among ${attended}`,
      fix: 'Let one adapter change the tokens of a block; others may in other blocks',
    });
}

/** The attention of the block that a tap `tokens` is in. @throws KcrError `TOKENS_ATTENTION` */
function attended(name: string, attention: Attention | undefined, info: TapInfo): Attention {
  if (attention) return attention;
  throw new KcrError('TOKENS_ATTENTION', {
    where: `${name} at ${info.name}`,
    found: 'no attention weights before it; linear attention has none',
    fix: 'Use a model with softmax attention',
  });
}

/** @throws KcrError `TOKENS_LAYOUT` */
function laidOut<L extends TokenLayout | Places>(name: string, layout: L | undefined): L {
  if (layout) return layout;
  throw new KcrError('TOKENS_LAYOUT', {
    where: name,
    found: 'tokens that lie in no known map',
    fix: "Pass the tap's `layout` in the model, and attach this before what merges tokens",
  });
}

const toMap = (values: Tensor, { height, width, positions }: TokenLayout): Tensor => {
  const cells = reindex(values, inverse(positions, height * width), 1);
  return tf.reshape(cells, [-1, height, width, values.shape[2]!]);
};
const fromMap = (map: Tensor, { height, width, positions }: TokenLayout): Tensor =>
  reindex(tf.reshape(map, [-1, height * width, map.shape[3]!]), positions, 1);

const prefixOf = (layout: TokenLayout | undefined) => (layout?.positions[0] === -1 ? 1 : 0);

/** Takes the tokens out. */
function removal(name: string, selector: TokenSelector, architecture: Architecture): AdapterTap {
  requireTokenSet(name, architecture);
  let attention: Attention | undefined;
  let block = 0;
  let prefix: number | undefined;
  let places: Places | undefined;
  return (m, value, info) => {
    if (info.role === 'weights') attention = { weights: value };
    if (info.role !== 'tokens') return value;
    const { weights } = attended(name, attention, info);
    prefix ??= prefixOf(info.layout);
    const n = value.shape[1]!;
    // Where another adapter merged tokens, places are unknown.
    places = info.layout ? { whole: info.layout } : places;
    const known = places && placesCount(places) === n ? places : undefined;
    const context: TokenContext = {
      ...{ scope: m, embed: info.dim!, block: block++, tokens: value, prefix },
      attention: weights,
      perToken: (values) => values,
      toMap: (values) => putInPlaces(values, laidOut(name, known)),
      fromMap: (map) => readPlaces(map, laidOut(name, known)),
    };
    const count = Math.max(selector.keep(context.block, n - prefix), 1 - prefix);
    if (count >= n - prefix) return value;
    requireAttended(name, weights.shape[3]!, value, info);
    const scores = selector.scores(context);
    const indices = chosenTokens(scores, count, prefix);
    places = known && choosePlaces(known, indices, selector.fuse ?? false);
    const kept = takeTokens(value, indices);
    if (places) tapKept(m, putInPlaces(ones(value, placesCount(places)), places));
    return selector.fuse ? tf.concat([kept, fusedToken(m, value, scores, indices, info)], 1) : kept;
  };
}

/** Tap `kept` [images, height, width, 1]: 1 where a token is left, else 0. Nothing reads what it is replaced by. */
const tapKept = (m: Scope, map: Tensor): void => void m.tap('kept', map);

/** [images, n, 1] for the images of `like`. */
const ones = (like: Tensor, n: number): Tensor =>
  tf.onesLike(tf.slice(like, [0, 0, 0], [-1, n, 1]));

/** Where the tokens that are left came from. */
interface Places {
  whole: TokenLayout;
  /** Index among all tokens, int32 [images, n]; absent while all are there. */
  origin?: Tensor;
}

const placesCount = ({ whole, origin }: Places) => origin?.shape[1] ?? whole.positions.length;

function putInPlaces(values: Tensor, { whole, origin }: Places): Tensor {
  if (!origin) return toMap(values, whole);
  const back = placesOf(origin, whole.positions.length);
  return toMap(takeTokens(zeroTokenAfter(values), back), whole);
}

function readPlaces(map: Tensor, { whole, origin }: Places): Tensor {
  const tokens = fromMap(map, whole);
  return origin ? takeTokens(zeroTokenAfter(tokens), origin) : tokens;
}

/** The places of chosen tokens; the token of a sum after them has none, so that its origin is after all. */
function choosePlaces({ whole, origin }: Places, indices: Tensor, fused: boolean): Places {
  const chosen = origin ? takeIndices(origin, indices) : indices;
  return { whole, origin: fused ? tf.pad(chosen, afterLast, whole.positions.length) : chosen };
}

const afterLast: [number, number][] = [
  [0, 0],
  [0, 1],
];

/** The prefix and the best of the others, in order. [images, n] -> int32 [images, prefix + count] */
function chosenTokens(scores: Tensor, count: number, prefix: number): Tensor {
  const images = tf.slice(scores, [0, prefix], [-1, -1]);
  if (count === 0) return tf.cast(tf.zerosLike(tf.slice(scores, [0, 0], [-1, prefix])), 'int32');
  const best = tf.add(tf.cast(topTokens(images, count), 'float32'), prefix);
  const before: [number, number][] = [
    [0, 0],
    [prefix, 0],
  ];
  return stopGradient(tf.cast(tf.pad(best, before), 'int32'));
}

/** Picks from int32 [images, n] by int32 [images, k]. */
function takeIndices(values: Tensor, indices: Tensor): Tensor {
  const picked = takeTokens(tf.expandDims(tf.cast(values, 'float32'), 2), indices);
  return stopGradient(tf.cast(tf.squeeze(picked, [2]), 'int32'));
}

/** The sum of the tokens that were not chosen, each times its score. [images, 1, d] */
function fusedToken(m: Scope, tokens: Tensor, scores: Tensor, indices: Tensor, info: TapInfo) {
  const n = tokens.shape[1]!;
  const gone = stopGradient(tf.sub(1, chosenMask(indices, n)));
  m.cost({ kind: 'attention', positions: n, in: info.dim!, out: 1, kernel: 1 });
  return tf.matMul(tf.expandDims(tf.mul(scores, gone), 1), tokens);
}

/** For each of attention's tokens, the one at the same place among those of the tap `tokens`, or -1. */
function attentionOrder(tokens: TokenLayout, attention: TokenLayout): number[] {
  const at = new Map(tokens.positions.map((position, i) => [position, i]));
  return attention.positions.map((position) => at.get(position) ?? -1);
}

/** Sets the tokens to 0 and hides them from attention. */
function inPlace(name: string, selector: TokenSelector): AdapterTap {
  let attention: Attention | undefined;
  let block = 0;
  /** Of the tokens of one grid, in the order of the tap `tokens`: [images, n]. */
  let left: { mask: Tensor; count: number; layout: TokenLayout } | undefined;
  const sameGrid = (layout: TokenLayout) =>
    left?.layout.height === layout.height && left.layout.width === layout.width;
  return (m, value, info) => {
    if (info.role === 'weights') {
      const layout = laidOut(name, info.layout);
      attention = { weights: value, layout };
      return left && sameGrid(layout)
        ? hide(value, left.mask, attentionOrder(left.layout, layout))
        : value;
    }
    if (info.role !== 'tokens') return value;
    const { weights, layout: attentionLayout } = attended(name, attention, info);
    const layout = laidOut(name, info.layout);
    if (!sameGrid(layout)) left = undefined;
    const [n, prefix, d] = [layout.positions.length, prefixOf(layout), value.shape[2]!];
    const tokens = tf.reshape(value, [-1, n, d]);
    const order = attentionOrder(layout, attentionLayout!);
    const context: TokenContext = {
      ...{ scope: m, embed: info.dim!, block: block++, tokens, prefix, attention: weights },
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
