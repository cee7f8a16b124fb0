import type { Dim, Kept } from './dim.ts';
import { KcrError } from './error.ts';
import type { Model } from './model.ts';
import { prune } from './prune.ts';

/** One score per channel of each dimension; higher is kept first. */
export type Scores = ReadonlyMap<string, ArrayLike<number>>;

/** The count nearest to `count` that the dimension allows: whole multiples, equal groups, its minimum. */
export function allowedCount(dim: Dim, count: number): number {
  const unit = lcm(dim.multipleOf, dim.groups);
  const least = Math.ceil(Math.max(dim.min, 1) / unit) * unit;
  const nearest = Math.round(count / unit) * unit;
  return Math.min(Math.max(nearest, least), dim.size - (dim.size % unit) || dim.size);
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

/**
 * The channels with the highest scores, equally many in each group of the dimension.
 *
 * @returns indices into the dimension as it is now, ascending; as many as {@link allowedCount} allows
 */
export function topChannels(dim: Dim, scores: ArrayLike<number>, count: number): number[] {
  const perGroup = allowedCount(dim, count) / dim.groups;
  const width = dim.size / dim.groups;
  const kept: number[] = [];
  for (let group = 0; group < dim.groups; group++) {
    const channels = Array.from({ length: width }, (_, i) => group * width + i);
    // Ties go to the lower index, so that a selection does not depend on the sort.
    channels.sort((a, b) => scores[b]! - scores[a]! || a - b);
    kept.push(...channels.slice(0, perGroup));
  }
  return kept.sort((a, b) => a - b);
}

/**
 * The best channels of every scored dimension, as many of each as `count` says. A view keeps some that the
 * dimension it looks at keeps too.
 */
function selectCounts(
  model: Model,
  scores: Scores,
  count: (dim: Dim, values: ArrayLike<number>) => number,
): Kept {
  const kept: Record<string, number[]> = {};
  // A view is made after the dimension it looks at, so that one's selection is known.
  for (const dim of model.dims.values()) {
    const values = scores.get(dim.name);
    if (!values) continue;
    const base = dim.of && kept[dim.of.name];
    const present = base && new Set(base.map((i) => dim.of!.kept?.[i] ?? i));
    const usable = Array.from(values, (score, i) =>
      !present || present.has(dim.kept?.[i] ?? i) ? score : Number.NEGATIVE_INFINITY,
    );
    kept[dim.name] = topChannels(dim, usable, count(dim, values));
  }
  return kept;
}

/** The channels whose score is above a threshold, in every scored dimension. */
export const selectAbove = (model: Model, scores: Scores, threshold: number): Kept =>
  selectCounts(
    model,
    scores,
    (_, values) => Array.from(values).filter((score) => score > threshold).length,
  );

/** The same share of every scored dimension's channels, `ratio` in (0, 1]. */
export const selectShare = (model: Model, scores: Scores, ratio: number): Kept =>
  selectCounts(model, scores, (dim) => ratio * dim.size);

/**
 * The most channels, by one threshold over all scored dimensions, with which the model has at most
 * `macs` multiply-accumulates (attention included).
 *
 * @throws KcrError `BUDGET` where even the fewest channels cost more
 */
export function selectWithinMacs(model: Model, scores: Scores, macs: number): Kept {
  const thresholds = [...scores.values()]
    .flatMap((values) => Array.from(values))
    .sort((a, b) => a - b);
  const cost = (kept: Kept) => prune(model, kept).macs.total;
  const at = (i: number) => selectAbove(model, scores, thresholds[i] ?? Number.NEGATIVE_INFINITY);
  let [low, high] = [-1, thresholds.length - 1];
  if (cost(at(low)) <= macs) return at(low);
  const least = cost(at(high));
  if (least > macs)
    throw new KcrError('BUDGET', {
      where: 'selection',
      found: `at least ${least} MACs with the fewest channels, for a budget of ${Math.round(macs)}`,
      fix: 'Raise the budget or let more dimensions be pruned',
    });
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (cost(at(middle)) <= macs) high = middle;
    else low = middle;
  }
  return at(high);
}
