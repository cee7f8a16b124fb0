import { defineTokenSelector, KcrError, type TokenCounts, tf, tokensToKeep } from '@kcr/core';
import { LFE_FORMS, type LfeForm, lowFrequencyEnergy } from './low-frequency-energy.ts';
import { receivedAttention } from './received-attention.ts';

export type LfeOptions = TokenCounts & {
  /** Cut-off of the low-pass filter of tokens, between 0 and 1. Default 0.85. */
  sigma?: number;
  /**
   * `paper` (default): VTC-LFC's equations. `code`: the official code's selector. `map`: an extension, which filters
   * tokens as the map that they are.
   */
  form?: LfeForm;
  /** Set tokens to 0 in their places instead of taking them out: the only way on grids. Default false. */
  inPlace?: boolean;
};

/** @throws KcrError `OPTION` */
function checkOptions(sigma: number, form: string): void {
  const refuse = (where: string, found: unknown, fix: string) => {
    throw new KcrError('OPTION', { where: `lfe, ${where}`, found: String(found), fix });
  };
  if (!(sigma > 0 && sigma < 1)) refuse('sigma', sigma, 'Give a number between 0 and 1');
  const forms: readonly string[] = LFE_FORMS;
  if (!forms.includes(form)) refuse('form', form, `Give ${forms.join(', ')}`);
}

/**
 * Low-frequency energy times attention (VTC-LFC 3.3, eq. 9): between attention and MLP, the image tokens with the highest
 * product stay, in order, and so does the class token.
 *
 * @throws KcrError `OPTION`, and `TOKENS_GRID` on models whose tokens are a grid unless they stay in place
 */
export const lfe = defineTokenSelector({
  name: 'lfe',
  about: 'tokens of much low-frequency energy (VTC-LFC)',
  module: '@kcr/lfc',
  contract: 1,
  select: (options: LfeOptions) => {
    const { sigma = 0.85, form = 'paper', inPlace } = options;
    checkOptions(sigma, form);
    return {
      keep: tokensToKeep('lfe', options),
      inPlace,
      scores: (context) =>
        tf.mul(lowFrequencyEnergy(context, sigma, form), receivedAttention(context, form)),
    };
  },
});
