import type { Kept } from './dim.ts';
import { KcrError } from './error.ts';
import type { Model, StateDict } from './model.ts';
import { prune, pruneState } from './prune.ts';
import { type Scores, selectCounts, thresholdSelections } from './selection.ts';

/** What an allocator may use to choose channels. */
export interface AllocationContext {
  model: Model;
  weights: StateDict;
  /** Of the dimensions to choose from now. */
  scores: Scores;
  /** The model before any pruning, of which targets are shares. */
  whole: Model;
  wholeWeights: StateDict;
  /** Share of the way to the target that the dimensions to choose from should be brought now, above 0, at most 1. */
  progress: number;
  /** Dimensions that come after these in a cascade, which will bear their part of the target. */
  later: readonly string[];
  /** Top-1 accuracy on the calibration images. */
  accuracy(model: Model, weights: StateDict): Promise<number>;
}

/** Turns scores into a selection. */
export interface Allocator {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: object;
  allocate(context: AllocationContext): Promise<Kept>;
}

/** Defines an allocator with options. */
export const defineAllocator =
  <O extends object>(
    name: string,
    allocate: (options: O) => (context: AllocationContext) => Promise<Kept> | Kept,
  ) =>
  (options: O): Allocator => {
    const run = allocate(options);
    return { name, options, allocate: async (context) => run(context) };
  };

const invalid = (where: string, found: unknown, fix: string) =>
  new KcrError('OPTION', { where, found: String(found), fix });

function checkShare(where: string, share: number): void {
  if (!(share > 0 && share <= 1))
    throw invalid(where, share, 'Give a share to keep, above 0, at most 1');
}

/** A target that is reached by a share of the way. */
const partOf = (target: number, progress: number) => 1 - (1 - target) * progress;

export interface KeepRatioOptions {
  /** Share of the channels to keep. */
  keepRatio: number;
}

/** The same share of every dimension. @throws KcrError `OPTION` */
export const uniform = defineAllocator('uniform', ({ keepRatio }: KeepRatioOptions) => {
  checkShare('uniform, keepRatio', keepRatio);
  return ({ model, whole, scores, progress }) => {
    const share = partOf(keepRatio, progress);
    return selectCounts(model, scores, ({ name }) => share * whole.dims.get(name)!.size);
  };
});

/** One threshold over all dimensions, that leaves a share of their channels. @throws KcrError `OPTION` */
export const globalThreshold = defineAllocator('global', ({ keepRatio }: KeepRatioOptions) => {
  checkShare('global, keepRatio', keepRatio);
  return ({ model, whole, scores, progress }) => {
    const all = [...scores.keys()].reduce((sum, name) => sum + whole.dims.get(name)!.size, 0);
    const { length, at } = thresholdSelections(model, scores);
    const keep = Math.round(partOf(keepRatio, progress) * all);
    return at(Math.max(length - 1 - keep, 0));
  };
});

/** Something that pruning lowers, e.g. the measured latency in milliseconds. */
export type CostMeasure = (model: Model, weights: StateDict) => number | Promise<number>;

const costs: Readonly<Record<'macs' | 'params', CostMeasure>> = {
  /** Attention included. */
  macs: (model) => model.macs.total,
  params: (model) => model.parameterCount,
};

export interface BudgetOptions {
  /** Default `macs`. */
  cost?: keyof typeof costs | CostMeasure;
  /** Largest share of the cost to keep. */
  share: number;
}

/**
 * The most channels, by one threshold over all dimensions, whose model costs at most a share of the whole one.
 *
 * @throws KcrError `OPTION`, and `BUDGET` where even the fewest channels cost more
 */
export const budget = defineAllocator('budget', ({ cost = 'macs', share }: BudgetOptions) => {
  checkShare('budget, share', share);
  const measure = typeof cost === 'string' ? costs[cost] : cost;
  if (!measure)
    throw invalid('budget, cost', cost, `Use ${Object.keys(costs).join(', ')} or a function`);
  return async ({ model, weights, scores, whole, wholeWeights, progress, later }) => {
    const cost = (pruned: Model) => measure(pruned, pruneState(model, pruned, weights));
    const limit = partOf(share, progress) * (await measure(whole, wholeWeights));
    if (later.length === 0) return selectWithin(model, scores, cost, limit);
    // What is still to be saved is shared in proportion to what could be.
    const now = await measure(model, weights);
    const saved = async (dims: Iterable<string>) => now - (await cost(fewestChannels(model, dims)));
    const [here, after] = [await saved(scores.keys()), await saved(later)];
    const part = here + after > 0 ? here / (here + after) : 0;
    return selectWithin(model, scores, cost, now - part * Math.max(now - limit, 0));
  };
});

/** The model with the fewest channels that some dimensions allow. */
function fewestChannels(model: Model, names: Iterable<string>): Model {
  const scores = new Map(
    [...names].map((name) => [name, new Float64Array(model.dims.get(name)!.size)]),
  );
  return prune(
    model,
    selectCounts(model, scores, () => 0),
  );
}

/**
 * The most channels, by one threshold over all scored dimensions, that cost at most `limit`.
 *
 * @throws KcrError `BUDGET` where even the fewest channels cost more
 */
export async function selectWithin(
  model: Model,
  scores: Scores,
  cost: (pruned: Model) => number | Promise<number>,
  limit: number,
): Promise<Kept> {
  const { length, at } = thresholdSelections(model, scores);
  const least = await cost(prune(model, at(length - 1)));
  if (least > limit)
    throw new KcrError('BUDGET', {
      where: 'selection',
      found: `a cost of at least ${least} with the fewest channels, for a budget of ${limit}`,
      fix: 'Raise the budget or let more dimensions be pruned',
    });
  return at(await firstWhere(length, async (i) => (await cost(prune(model, at(i)))) <= limit));
}

export interface AllowedDropOptions {
  /** Percentage points of top-1 accuracy on the calibration images. */
  points: number;
}

/**
 * The fewest channels, by one threshold over all dimensions, with which the accuracy on the calibration images
 * is at most so many points below the whole model's. @throws KcrError `OPTION`
 */
export const allowedDrop = defineAllocator('drop', ({ points }: AllowedDropOptions) => {
  if (!(points >= 0 && points <= 100))
    throw invalid('drop, points', points, 'Give percentage points, 0 to 100');
  return async ({ model, weights, scores, progress, later, accuracy, ...dense }) => {
    const target = (await accuracy(dense.whole, dense.wholeWeights)) - (points / 100) * progress;
    const now = await accuracy(model, weights);
    // The drop that is left is shared equally among the dimensions that are.
    const needed = now - ((now - target) * scores.size) / (scores.size + later.length);
    const { length, at } = thresholdSelections(model, scores);
    const tooFar = async (i: number) => {
      const pruned = prune(model, at(i));
      return (await accuracy(pruned, pruneState(model, pruned, weights))) < needed;
    };
    return at(Math.max((await firstWhere(length, tooFar)) - 1, 0));
  };
});

/**
 * By bisection, the first of 0..length-1 from which on `holds`; `length` where it never does. Where it goes
 * back and forth, one at which it holds, after one at which it does not.
 */
async function firstWhere(length: number, holds: (i: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [-1, length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (await holds(middle)) high = middle;
    else low = middle;
  }
  return high;
}
