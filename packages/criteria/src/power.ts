import { defineTokenSelector, type TokenCounts, tf, tokensToKeep } from '@kcr/core';

export type PowerOptions = TokenCounts;

/**
 * PoWER-BERT's word selection (Goyal et al. 2020) for image tokens: those to which all heads and all tokens together
 * attend most stay, Sig(i) = sum_h sum_j A_h[j, i]. How many is given, or found by the cascade; the paper learns it.
 *
 * @throws KcrError `OPTION`, `TOKENS_GRID` on models whose tokens are a grid
 */
export const power = defineTokenSelector({
  name: 'power',
  about: 'tokens that others attend to (PoWER-BERT)',
  module: '@kcr/criteria',
  contract: 1,
  select: (options: PowerOptions) => ({
    keep: tokensToKeep('power', options),
    scores: ({ attention, perToken }) => perToken(tf.sum(attention, [1, 2])),
  }),
});
