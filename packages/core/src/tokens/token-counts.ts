import { KcrError, textOf } from '../ground/error.ts';
import { isCount } from '../ground/json-value.ts';
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

/** Whether a value is a list of whole numbers from 0. Options may come from a file: their types are not known. */
export const areCounts = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && Array.from(value).every(isCount);

const listed = (value: unknown): string =>
  Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value);

/** {@link TokenSelector.keep} of {@link TokenCounts}. @throws KcrError `OPTION` */
export function tokensToKeep(where: string, options: TokenCounts): TokenSelector['keep'] {
  const refuse = (name: string, value: unknown, fix: string) => {
    throw new KcrError('OPTION', { where, found: `${name} ${listed(value)}`, fix });
  };
  if ('counts' in options) {
    const { counts } = options;
    if (!areCounts(counts))
      refuse('counts', counts, 'Give whole numbers from 0, one for each block');
    return (block, n) => counts[block] ?? n;
  }
  const { keepRatio, blocks } = options;
  if (!(typeof keepRatio === 'number' && keepRatio > 0 && keepRatio <= 1))
    refuse('keepRatio', keepRatio, 'Give a share above 0, at most 1');
  if (!areCounts(blocks)) refuse('blocks', blocks, 'Give numbers of blocks, counted from 0');
  return (block, n) => (blocks.includes(block) ? Math.ceil(keepRatio * n) : n);
}
