import type { Pixels } from './image.ts';

/** The same function of every value, as a table for each channel, or one for all. */
export function mapValues({ data, shape }: Pixels, tables: readonly ArrayLike<number>[]): Pixels {
  const mapped = new Uint8Array(data.length);
  const step = tables.length;
  tables.forEach((table, c) => {
    lookUp(data, Uint8Array.from(table), mapped, { start: c, step });
  });
  return { data: mapped, shape };
}

/** Every `step`th value from `start` on, in one loop over arrays of one type each. */
function lookUp(
  data: Uint8Array,
  table: Uint8Array,
  mapped: Uint8Array,
  { start, step }: { start: number; step: number },
): void {
  const { length } = data;
  for (let i = start; i < length; i += step) mapped[i] = table[data[i]!]!;
}

/** What becomes of each of the 256 values, rounded and cut at 0 and 255. */
export const table = (f: (value: number) => number) =>
  Uint8ClampedArray.from({ length: 256 }, (_, v) => f(v));

/** How often each value occurs, by channel. */
function histograms({ data, shape: [, , channels] }: Pixels): Int32Array[] {
  return Array.from({ length: channels }, (_, c) => countedValues(data, c, channels));
}

/**
 * How often each of every `step`th value from `start` on occurs. Neighbours are counted in turn in tables of their own: most are alike,
 * and a count waits for the one before in the same place.
 */
function countedValues(data: Uint8Array, start: number, step: number): Int32Array {
  const [counts, others] = [new Int32Array(256), new Int32Array(256)];
  const { length } = data;
  let i = start;
  for (; i + step < length; i += 2 * step) {
    counts[data[i]!]!++;
    others[data[i + step]!]!++;
  }
  if (i < length) counts[data[i]!]!++;
  for (let value = 0; value < 256; value++) counts[value]! += others[value]!;
  return counts;
}

/** Each channel stretched to 0..255. */
export const autoContrast = (image: Pixels): Pixels =>
  mapValues(
    image,
    histograms(image).map((counts) => {
      const low = counts.findIndex((n) => n > 0);
      const high = counts.findLastIndex((n) => n > 0);
      return table((v) => (high > low ? ((v - low) * 255) / (high - low) : v));
    }),
  );

/** Each channel's values spread evenly. */
export const equalize = (image: Pixels): Pixels =>
  mapValues(
    image,
    histograms(image).map((counts) => {
      const present = counts.filter((n) => n > 0);
      const step = Math.floor((image.data.length / image.shape[2] - present.at(-1)!) / 255);
      if (present.length < 2 || step === 0) return table((v) => v);
      let below = Math.floor(step / 2);
      return Uint8ClampedArray.from(counts, (n) => {
        const value = Math.floor(below / step);
        below += n;
        return value;
      });
    }),
  );

/** Values from `threshold` on inverted. */
export const solarize = (image: Pixels, threshold: number): Pixels =>
  mapValues(image, [table((v) => (v < threshold ? v : 255 - v))]);

/** The first `bits` bits of every value. */
export const posterize = (image: Pixels, bits: number): Pixels =>
  mapValues(image, [table((v) => v & ~((1 << (8 - bits)) - 1))]);
