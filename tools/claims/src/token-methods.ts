import {
  type Adapter,
  adapt,
  constant,
  defineTokenSelector,
  float32,
  Generator,
  type Model,
  type TokenCounts,
  tf,
  tokensToKeep,
} from '@kcr/core';
import { evit, tome } from '@kcr/criteria';
import { lfe } from '@kcr/lfc';
import { backbones } from './backbones.ts';

const { img_size, patch_size } = backbones.vitTokens.config;

/** Image tokens of the model before any is taken out. */
const TOKENS = (img_size / patch_size) ** 2;

/** The blocks in which tokens are taken out, counted from 0; after the last one only its MLP would be spared. */
const BLOCKS = 3;

type RandomOptions = TokenCounts & { seed: number };

/**
 * Keeps image tokens at random, others in every image. Evaluation draws no random numbers, so a token's score is a hash of it: the
 * fraction of a large multiple of a random projection, which is spread evenly and has nothing to do with what the token says.
 */
export const randomTokens = defineTokenSelector({
  name: 'randomTokens',
  module: 'claims',
  contract: 1,
  select: (options: RandomOptions) => ({
    keep: tokensToKeep('randomTokens', options),
    scores({ block, tokens }) {
      const [, n, width] = tokens.shape as [number, number, number];
      const directions = new Generator(options.seed).fork(`block ${block}`).array(width, 'normal');
      const along = tf.matMul(
        tf.reshape(tokens, [-1, width]),
        constant(float32([width, 1], directions)),
      );
      const large = tf.mul(along, 1e3);
      return tf.reshape(tf.sub(large, tf.floor(large)), [-1, n]);
    },
  }),
});

/** By name, what takes tokens out so that so many image tokens are left after each block. */
export const tokenMethods = {
  LFE: (counts) => lfe({ counts }),
  EViT: (counts) => evit({ counts }),
  ToMe: (counts) => tome({ r: counts.map((left, block) => (counts[block - 1] ?? TOKENS) - left) }),
  random: (counts, seed) => randomTokens({ counts, seed }),
} satisfies Record<string, (counts: readonly number[], seed: number) => Adapter>;
export type TokenMethod = keyof typeof tokenMethods;

/** How finely the keep ratio is searched. */
const STEPS = 1000;

/**
 * A `vitTokens` with a token method that keeps the same share of the tokens in each of the first blocks, found by bisection so that
 * its MACs come nearest to a share of the whole model's.
 *
 * @throws Error where they are off by more than 1 % of the whole model's
 */
export function withTokens(model: Model, method: TokenMethod, share: number, seed: number): Model {
  const build = (step: number): Model => {
    const counts = Array.from({ length: BLOCKS }, (_, block) =>
      Math.round(TOKENS * (step / STEPS) ** (block + 1)),
    );
    return adapt(model, [tokenMethods[method](counts, seed)]);
  };
  const shareOf = (step: number) => build(step).macs.total / model.macs.total;
  let [below, above] = [1, STEPS];
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (shareOf(middle) <= share) below = middle;
    else above = middle;
  }
  const off = (step: number) => Math.abs(shareOf(step) - share);
  const best = off(above) < off(below) ? above : below;
  if (off(best) > 0.01)
    throw new Error(`${method} has ${shareOf(best)} of the MACs at best, not ${share}`);
  return build(best);
}
