import { type Kept, type Model, prune, pruneState, type StateDict } from '@kcr/core';
import type { Recipe } from '../recipes/recipe.ts';
import { wholeModel } from '../recipes/recipe-model.ts';

/** The compact model before it is trained. */
export interface CompactModel {
  readonly model: Model;
  /** Absent: it is trained from scratch. */
  readonly weights?: StateDict;
}

/**
 * The recipe's model with the chosen channels.
 *
 * @param weights of the whole model, of which it keeps its own; absent: none
 */
export async function compactModel(
  recipe: Recipe,
  kept: Kept,
  weights?: StateDict,
): Promise<CompactModel> {
  const whole = await wholeModel(recipe);
  const model = prune(whole, kept);
  return weights ? { model, weights: pruneState(whole, model, weights) } : { model };
}
