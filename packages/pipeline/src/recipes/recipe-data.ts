import { KcrError } from '@kcr/core';
import { checkExtension } from '@kcr/core/internal';
import type { DataContext, Splits } from '../data/data-kind.ts';
import { findDataKind } from '../data/data-kinds.ts';
import type { OnEvent } from '../events.ts';
import { findTaskKit } from '../tasks/find-task-kit.ts';
import type { Recipe } from './recipe.ts';
import { recipeModel } from './recipe-model.ts';

export interface RecipeDataOptions extends Pick<DataContext, 'input'> {
  /** Instead of the recipe's. */
  root?: string;
  on?: OnEvent;
}

/**
 * Training and test data of a recipe, as its model takes them.
 *
 * @throws KcrError `DATA_ROOT`, `DATA_TASK`, `EXTENSION_NEEDS`, and those of reading them
 */
export async function recipeData(
  recipe: Recipe,
  { root = recipe.data.root, input, on = () => {} }: RecipeDataOptions = {},
): Promise<Splits> {
  if (!root)
    throw new KcrError('DATA_ROOT', {
      where: `recipe ${recipe.name}`,
      found: 'no data folder',
      fix: "Give `data`, the folder that the recipe's paths are in",
    });
  const { kind: name, options } = recipe.data;
  const { model, normalization } = await recipeModel(recipe);
  const { kinds, task } = await findTaskKit(model, recipe.from);
  const kind = await findDataKind(name, recipe.from);
  // A kind of a third party is written in as many ways as there are folders to write it from.
  if (!kinds.includes(name) && !kinds.includes(kind.name))
    throw new KcrError('DATA_TASK', {
      where: `recipe ${recipe.name}, data`,
      found: `data of kind ${name} for ${task}`,
      fix: `Use data of kind ${kinds.join(' or ')}, or a \`head\` of the model that learns from these`,
    });
  checkExtension('data kind', kind, model);
  return kind.read(options, { root, model, normalization, input, on, from: recipe.from });
}
