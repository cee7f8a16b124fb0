import type { Histogram, Range } from './range.ts';

/** Share of the values that lie within the range. */
const PERCENTILE = 0.9999;

/** Values of 8 bits. */
const LEVELS = 256;

/** The edges of the bins from `first` to `last`. */
function edges({ low, high, bins }: Histogram, first: number, last: number): Range {
  const width = (high - low) / bins.length;
  return {
    low: low + first * width,
    high: last === bins.length - 1 ? high : low + (last + 1) * width,
  };
}

/** The range without the outermost values, half of them at each end. */
export function clippedByPercentile(histogram: Histogram): Range {
  const { bins } = histogram;
  const all = bins.reduce((sum, count) => sum + count, 0);
  const outside = (all * (1 - PERCENTILE)) / 2;
  const inner = (order: readonly number[]) => {
    let passed = 0;
    return order.find((i) => (passed += bins[i]!) > outside) ?? order[0]!;
  };
  const order = [...bins.keys()];
  return edges(histogram, inner(order), inner(order.toReversed()));
}

/** What is left out at both ends in steps of so many bins. */
const STEP = 16;

/**
 * The range whose 8-bit values lose least of the distribution: the least Kullback-Leibler divergence of the values, those outside at the
 * ends, from the same spread evenly over each of the 8-bit steps (Migacz 2017, for ranges with two ends). Ends are tried one after
 * the other, the upper one first.
 */
export function clippedByEntropy(histogram: Histogram): Range {
  const { bins } = histogram;
  const last = bins.length - 1;
  const best = (candidates: readonly (readonly [number, number])[]) =>
    candidates.reduce(
      (found, [from, to]) => {
        const loss = divergence(bins, from, to);
        return loss < found.loss ? { from, to, loss } : found;
      },
      { from: 0, to: last, loss: Number.POSITIVE_INFINITY },
    );
  const steps = Array.from(
    { length: Math.floor((bins.length - LEVELS) / STEP) + 1 },
    (_, i) => i * STEP,
  );
  const upper = best(steps.map((cut) => [0, last - cut]));
  const lower = best(
    steps.filter((cut) => upper.to - cut >= LEVELS - 1).map((cut) => [cut, upper.to]),
  );
  return edges(histogram, lower.from, lower.to);
}

/** KL(P || Q) of the bins `from` to `to`: P has what is outside in its outermost bins, Q is even over each 8-bit step. */
function divergence(bins: Float64Array, from: number, to: number): number {
  const inside = bins.slice(from, to + 1);
  const p = Float64Array.from(inside);
  for (let i = 0; i < from; i++) p[0]! += bins[i]!;
  for (let i = to + 1; i < bins.length; i++) p[p.length - 1]! += bins[i]!;
  const all = p.reduce((sum, x) => sum + x, 0);
  const kept = inside.reduce((sum, x) => sum + x, 0);
  if (all === 0 || kept === 0) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let level = 0; level < LEVELS; level++) {
    const [start, end] = [level, level + 1].map((k) => Math.floor((k * inside.length) / LEVELS));
    let [mass, filled] = [0, 0];
    for (let i = start!; i < end!; i++) {
      mass += inside[i]!;
      if (p[i]! > 0) filled++;
    }
    for (let i = start!; i < end!; i++) {
      if (p[i]! === 0) continue;
      // What no value inside lies near cannot be told: its share is as small as one value of all.
      const q = Math.max(mass / filled / kept, 1 / all / LEVELS);
      sum += (p[i]! / all) * Math.log(p[i]! / all / q);
    }
  }
  return sum;
}
