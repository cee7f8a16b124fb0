import { type Kept, type Model, prune, type StateDict } from '@kcr/core';
import type { Recipe } from '../recipes/recipe.ts';
import { wholeModel } from '../recipes/recipe-model.ts';

/** The compact model before it is trained. */
export interface CompactModel {
  readonly model: Model;
  /** Absent: it is trained from scratch. */
  readonly weights?: StateDict;
}

/** The recipe's model with the chosen channels, without weights. */
export const compactModel = async (recipe: Recipe, kept: Kept): Promise<CompactModel> => ({
  model: prune(await wholeModel(recipe), kept),
});
