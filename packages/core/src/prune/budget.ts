import { KcrError } from '../ground/error.ts';
import type { Kept } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { checkShare, defineAllocator, invalid, partOf } from './allocator.ts';
import { firstWhere } from './bisection.ts';
import { prune, pruneState } from './prune.ts';
import { type CountRules, checkCountRules, type Scores, selectCounts } from './selection.ts';
import { thresholdSelections } from './threshold-selections.ts';

/** Something that pruning lowers, e.g. the measured latency in milliseconds. */
export type CostMeasure = (model: Model, weights: StateDict) => number | Promise<number>;

const costs: Readonly<Record<'macs' | 'params', CostMeasure>> = {
  /** Attention included. */
  macs: (model) => model.macs.total,
  params: (model) => model.parameterCount,
};

export interface BudgetOptions extends CountRules {
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
export const budget = defineAllocator({
  name: 'budget',
  contract: 1,
  allocate: ({ cost = 'macs', share, ...rules }: BudgetOptions) => {
    checkShare('budget, share', share);
    checkCountRules('budget', rules);
    const measure = typeof cost === 'string' ? costs[cost] : cost;
    if (!measure)
      throw invalid('budget, cost', cost, `Use ${Object.keys(costs).join(', ')} or a function`);
    return async ({ model, weights, scores, whole, wholeWeights, later, ...way }) => {
      const cost = (pruned: Model) => measure(pruned, pruneState(model, pruned, weights));
      const limit = partOf(share, way) * (await measure(whole, wholeWeights));
      if (later.length === 0) return selectWithin(model, scores, cost, limit, rules);
      // What is still to be saved is shared in proportion to what could be.
      const now = await measure(model, weights);
      const saved = async (dims: Iterable<string>) =>
        now - (await cost(fewestChannels(model, dims, rules)));
      const [here, after] = [await saved(scores.keys()), await saved(later)];
      const part = here + after > 0 ? here / (here + after) : 0;
      return selectWithin(model, scores, cost, now - part * Math.max(now - limit, 0), rules);
    };
  },
});

/** The model with the fewest channels that some dimensions allow. */
function fewestChannels(model: Model, names: Iterable<string>, rules: CountRules): Model {
  const scores = new Map(
    [...names].map((name) => [name, new Float64Array(model.dims.get(name)!.size)]),
  );
  return prune(
    model,
    selectCounts(model, scores, () => 0, rules),
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
  rules?: CountRules,
): Promise<Kept> {
  const { length, at } = thresholdSelections(model, scores, rules);
  const least = await cost(prune(model, at(length - 1)));
  if (least > limit)
    throw new KcrError('BUDGET', {
      where: 'selection',
      found: `a cost of at least ${least} with the fewest channels, for a budget of ${limit}`,
      fix: 'Raise the budget or let more dimensions be pruned',
    });
  return at(await firstWhere(length, async (i) => (await cost(prune(model, at(i)))) <= limit));
}
