import { defineTokenSelector, tf, tokensToKeep } from '@kcr/core';
import { z } from 'zod';

/** What a recipe may give. Any other field is an error at once, with the nearest right name. */
const options = z.strictObject({
  /** Share of the image tokens that each of the blocks keeps. */
  keepRatio: z.number().positive().max(1),
  /** The blocks that take tokens out, counted from 0. */
  blocks: z.array(z.int().nonnegative()),
  /** Whether tokens are hidden in their places instead, as on grids (Swin, MobileViT). */
  inPlace: z.boolean().default(false),
});

export type TemplateNameOptions = z.input<typeof options>;

/** Keeps the tokens that differ most from the mean token. */
export const templateName = defineTokenSelector({
  name: 'template-name',
  about: 'tokens that differ most from their mean',
  module: 'template-package', // which exports it in `adapters`, so that checkpoints find it
  contract: 1,
  options,
  select: ({ keepRatio, blocks, inPlace }) => ({
    keep: tokensToKeep('template-name', { keepRatio, blocks }),
    inPlace,
    // [images, n], the class token included, which stays anyway.
    scores: ({ tokens }) => tf.sum(tf.square(tf.sub(tokens, tf.mean(tokens, 1, true))), 2),
  }),
});
