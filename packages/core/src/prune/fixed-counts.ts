import type { Model } from '../model/model.ts';
import { defineAllocator, invalid, partOf } from './allocator.ts';
import { selectCounts } from './selection.ts';

export interface FixedCountsOptions {
  /** Channels to keep by the dimension's name; those that are not named keep all. */
  counts: Readonly<Record<string, number>>;
}

/**
 * As many channels of each dimension as are given, such as another method left: what differs is then which channels
 * stay, not how many where (VTC-LFC, Table 5).
 *
 * @throws KcrError `OPTION` for counts that are no whole numbers from 1, and for names that the model does not have
 */
export const fixedCounts = defineAllocator({
  name: 'fixed-counts',
  contract: 1,
  allocate: ({ counts }: FixedCountsOptions) => {
    for (const [name, count] of Object.entries(counts))
      if (!(Number.isSafeInteger(count) && count >= 1))
        throw invalid(`fixedCounts, ${name}`, count, 'Give a whole number from 1');
    return ({ model, whole, scores, ...way }) => {
      const unknown = Object.keys(counts).find((name) => !whole.dims.has(name));
      if (unknown !== undefined)
        throw invalid('fixedCounts', unknown, `Name dimensions of the model: ${names(whole)}`);
      return selectCounts(model, scores, ({ name, size }) => {
        const count = Object.hasOwn(counts, name) ? counts[name] : undefined;
        if (count === undefined) return size;
        const all = whole.dims.get(name)!.size;
        return partOf(Math.min(count / all, 1), way) * all;
      });
    };
  },
});

const names = (model: Model): string =>
  [...model.dims.values()].flatMap(({ name, prunable }) => (prunable ? [name] : [])).join(', ');

/** How many channels are left of each dimension that was pruned, as {@link fixedCounts} takes them. */
export const countsLeft = (model: Model): Record<string, number> =>
  Object.fromEntries(Object.entries(model.kept).map(([name, kept]) => [name, kept.length]));
