import type { ImageSet, Preprocessing } from '@kcr/core';
import type { GivenWeights } from '../given-weights.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import type { Recipe } from './recipe.ts';
import { recipeModel } from './recipe-model.ts';

/** A recipe whose model is built as the weights from elsewhere need it, and how these were shown images. */
export interface PretrainedRecipe {
  readonly recipe: Recipe;
  readonly input?: Preprocessing;
}

/**
 * Completes a recipe by the weights that it starts from: options of the model that it does not say, and the normalisation. A model
 * with a head is left as it is: weights of its backbone alone do not say what it is.
 *
 * @param weights instead of the recipe's `model.pretrained`
 * @throws KcrError those of loading them
 */
export async function completedBy(
  weights: GivenWeights | undefined,
  recipe: Recipe,
): Promise<PretrainedRecipe> {
  const { model: own, data } = recipe;
  if (weights === undefined || own.head) return { recipe };
  const { model, info, saysInput } = await loadCheckpoint(await weights.look(), {
    architecture: own.name,
    config: own.config,
    from: recipe.from,
  });
  const said = Object.entries(model.config).filter(([key]) => key !== 'num_classes');
  const built = { ...own, config: { ...Object.fromEntries(said), ...own.config } };
  if (!saysInput) return { recipe: { ...recipe, model: built } };
  const { mean, std } = info.input;
  const normalization = data.normalization ?? { mean: [...mean], std: [...std] };
  return {
    recipe: { ...recipe, model: built, data: { ...data, normalization } },
    input: info.input,
  };
}

/** As many classes as the images have, where a recipe does not say how many its model tells apart. */
export async function withClassesOf(
  { classes }: Pick<ImageSet, 'classes'>,
  recipe: Recipe,
): Promise<Recipe> {
  const { model: own } = recipe;
  const part = own.head ?? own;
  if (Object.hasOwn(part.config, 'num_classes')) return recipe;
  const { model } = await recipeModel(recipe);
  if (!Object.hasOwn(model.config, 'num_classes')) return recipe;
  const config = { ...part.config, num_classes: classes.length };
  return {
    ...recipe,
    model: own.head ? { ...own, head: { ...own.head, config } } : { ...own, config },
  };
}
