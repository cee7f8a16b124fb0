import type { Kept } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import { type CountRules, type Scores, selectCounts } from './selection.ts';

/** The channels whose score is above a threshold, in every scored dimension. */
export const selectAbove = (
  model: Model,
  scores: Scores,
  threshold: number,
  rules?: CountRules,
): Kept =>
  selectCounts(
    model,
    scores,
    (_, values) => Array.from(values).filter((score) => score > threshold).length,
    rules,
  );

/**
 * What one threshold over all scored dimensions can select, from the most channels to the fewest.
 *
 * @returns how many selections there are, and each of them
 */
export function thresholdSelections(model: Model, scores: Scores, rules?: CountRules) {
  const values = [...scores.values()].flatMap((own) => Array.from(own)).sort((a, b) => a - b);
  const at = (i: number) =>
    selectAbove(model, scores, i === 0 ? Number.NEGATIVE_INFINITY : values[i - 1]!, rules);
  return { length: values.length + 1, at };
}
