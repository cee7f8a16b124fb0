import { KcrError } from '../ground/error.ts';
import type { TokenSelector } from './token-selector.ts';

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
