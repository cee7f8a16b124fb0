import type { Dim } from '../model/dim.ts';
import type { Scope } from '../model/scope.ts';
import type { Tensor } from '../tensor/tf.ts';

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
  /** Tokens at the front that are no part of the image and stay: 1 for a class token. */
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
