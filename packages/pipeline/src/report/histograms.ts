import type { NdArray } from '@kcr/core';

/** How often values lie in each bin, column by column: counts[column][bin]. */
interface Histogram {
  readonly name: string;
  readonly counts: readonly (readonly number[])[];
}

/** Histograms of several arrays over the epochs, over common bins. */
export interface Histograms {
  /** Epoch of each column, from 1. */
  readonly epochs: readonly number[];
  /** The middle of each bin, ascending. */
  readonly bins: readonly number[];
  readonly panels: readonly Histogram[];
}

/** Bins of the values, and most columns: epochs between these are left out. */
const BINS = 24;
const COLUMNS = 60;

/**
 * Counts the values of each epoch in bins from the least to the largest of all.
 *
 * @param arrays float32 [epochs, ...] by name, all of as many epochs
 */
export function histogramsOf(arrays: Readonly<Record<string, NdArray>>): Histograms {
  const entries = Object.entries(arrays);
  const length = entries[0]?.[1].shape[0] ?? 0;
  const columns = Math.min(length, COLUMNS);
  const chosen = Array.from({ length: columns }, (_, i) =>
    columns === 1 ? 0 : Math.round((i * (length - 1)) / (columns - 1)),
  );
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [, { data }] of entries)
    for (const value of data) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const width = high > low ? (high - low) / BINS : 1;
  const binOf = (value: number) => Math.min(Math.floor((value - low) / width), BINS - 1);
  const panels = entries.map(([name, { data }]): Histogram => {
    const size = data.length / length;
    const counts = chosen.map((epoch) => {
      const own = new Array<number>(BINS).fill(0);
      for (const value of data.subarray(epoch * size, (epoch + 1) * size)) own[binOf(value)]!++;
      return own;
    });
    return { name, counts };
  });
  return {
    epochs: chosen.map((epoch) => epoch + 1),
    bins: Array.from({ length: BINS }, (_, i) => low + (i + 0.5) * width),
    panels,
  };
}
