import { type Adapter, defineAdapter } from '../adapter.ts';
import type { Dim } from '../dim.ts';
import { KcrError } from '../error.ts';
import type { Scope } from '../scope.ts';
import type { Tensor } from '../tf.ts';
import { tokenHiding } from './token-hiding.ts';
import { tokenRemoval } from './token-removal.ts';

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
      selector.inPlace ? tokenHiding(name, selector) : tokenRemoval(name, selector, architecture);
  });
