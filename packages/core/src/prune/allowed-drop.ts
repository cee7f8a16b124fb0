import { defineAllocator, invalid } from './allocator.ts';
import { firstWhere } from './bisection.ts';
import { prune, pruneState } from './prune.ts';
import { type CountRules, checkCountRules } from './selection.ts';
import { thresholdSelections } from './threshold-selections.ts';

export interface AllowedDropOptions extends CountRules {
  /** Percentage points of top-1 accuracy on the calibration images. */
  points: number;
}

/**
 * The fewest channels, by one threshold over all dimensions, with which the accuracy on the calibration images
 * is at most so many points below the whole model's. @throws KcrError `OPTION`
 */
export const allowedDrop = defineAllocator({
  name: 'drop',
  contract: 1,
  allocate: ({ points, ...rules }: AllowedDropOptions) => {
    checkCountRules('drop', rules);
    if (!(points >= 0 && points <= 100))
      throw invalid('drop, points', points, 'Give percentage points, 0 to 100');
    return async ({ model, weights, scores, progress, later, accuracy, ...dense }) => {
      const target = (await accuracy(dense.whole, dense.wholeWeights)) - (points / 100) * progress;
      const now = await accuracy(model, weights);
      // The drop that is left is shared equally among the dimensions that are.
      const needed = now - ((now - target) * scores.size) / (scores.size + later.length);
      const { length, at } = thresholdSelections(model, scores, rules);
      const tooFar = async (i: number) => {
        const pruned = prune(model, at(i));
        return (await accuracy(pruned, pruneState(model, pruned, weights))) < needed;
      };
      return at(Math.max((await firstWhere(length, tooFar)) - 1, 0));
    };
  },
});
