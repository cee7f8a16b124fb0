import { defineTokenSelector, type TokenCounts, tf, tokensToKeep } from '@kcr/core';

export type EvitOptions = TokenCounts & {
  /** Append the sum of the tokens that go, each times its score. Default true. */
  fuse?: boolean;
};

/**
 * EViT (Liang et al. 2022): in some blocks the image tokens that the class token attends to most stay, score
 * mean_h A_h[CLS, i], and the others become one.
 */
export const evit = defineTokenSelector({
  name: 'evit',
  about: 'tokens that the class token attends to (EViT)',
  module: '@kcr/criteria',
  contract: 1,
  select: (options: EvitOptions) => ({
    keep: tokensToKeep('evit', options),
    fuse: options.fuse ?? true,
    scores({ attention, perToken }) {
      const [, heads, , n] = attention.shape as [number, number, number, number];
      const fromClass = tf.slice(attention, [0, 0, 0, 0], [-1, heads, 1, n]);
      return perToken(tf.mean(tf.reshape(fromClass, [-1, heads, n]), 1));
    },
  }),
});
