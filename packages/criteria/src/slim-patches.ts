import { constant, defineTokenSelector, float32, KcrError, tf } from '@kcr/core';
import type { PatchGates } from './patch-gates.ts';

/**
 * The image tokens that each block of ViT-Slim attends to: those with the highest gates, by one threshold over all blocks.
 * What a later block needs stays in all before it.
 *
 * @param gates as `trainSlimGates` gives them, the class token first
 * @param share of all gates, class tokens included, that the threshold leaves
 * @returns by block, indices of image tokens in row-major order, ascending
 * @throws KcrError `OPTION`
 */
export function slimPatches(gates: PatchGates, share: number): number[][] {
  if (!(share > 0 && share <= 1))
    throw new KcrError('OPTION', {
      where: 'slimPatches, share',
      found: String(share),
      fix: 'Give a share to keep, above 0, at most 1',
    });
  const sorted = gates.flatMap((block) => [...block]).sort((a, b) => a - b);
  const threshold = sorted[Math.floor((1 - share) * sorted.length)]!;
  const needed = new Set<number>();
  return gates
    .map((block) => block.subarray(1))
    .reverse()
    .map((block) => {
      block.forEach((gate, i) => {
        if (gate >= threshold) needed.add(i);
      });
      return [...needed].sort((a, b) => a - b);
    })
    .reverse();
}

export interface FixedTokensOptions {
  /** Image tokens that are left after each block's attention, by block: row-major indices, ascending. */
  kept: readonly (readonly number[])[];
}

/** @throws KcrError `OPTION` */
function checkKeptTokens(kept: FixedTokensOptions['kept']): void {
  kept.forEach((block, i) => {
    const before = kept[i - 1];
    const good = block.every(
      (token, k) =>
        Number.isSafeInteger(token) &&
        token >= 0 &&
        (k === 0 || token > block[k - 1]!) &&
        (!before || before.includes(token)),
    );
    if (!good)
      throw new KcrError('OPTION', {
        where: `fixedTokens, kept, block ${i}`,
        found: block.join(', '),
        fix: 'Give ascending indices, of tokens that the blocks before have kept too',
      });
  });
}

/**
 * Keeps the same image tokens in all images (ViT-Slim's patches). To attend to some tokens alone, a block's tokens
 * are those left after the block before: `fixedTokens({ kept: slimPatches(gates, share).slice(1) })`.
 *
 * @throws KcrError `OPTION`, `TOKENS_GRID` on models whose tokens are a grid
 */
export const fixedTokens = defineTokenSelector({
  name: 'fixedTokens',
  about: 'the same tokens of all images (patch slimming)',
  module: '@kcr/criteria',
  contract: 1,
  select: ({ kept }: FixedTokensOptions) => {
    checkKeptTokens(kept);
    return {
      keep: (block, n) => kept[block]?.length ?? n,
      scores({ block, tokens, toMap, fromMap }) {
        const places = toMap(tf.onesLike(tf.slice(tokens, [0, 0, 0], [-1, -1, 1])));
        const [, height, width] = places.shape as [number, number, number, number];
        const wanted = float32([1, height, width, 1]);
        for (const token of kept[block]!) wanted.data[token] = 1;
        return tf.squeeze(fromMap(tf.mul(places, constant(wanted))), [2]);
      },
    };
  },
});
