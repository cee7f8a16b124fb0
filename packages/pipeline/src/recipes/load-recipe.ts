import { KcrError } from '@kcr/core';
import { didYouMean } from '@kcr/core/internal';
import { definitionTypes, fileUrl, isDefinitionFile, readDefinition } from './definition-file.ts';
import { recipes } from './index.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { Recipe } from './recipe.ts';

/**
 * A recipe by name, or from a .json file, or the default export of a .js, .mjs, .ts or .mts file. Names of modules in
 * a file are resolved from it.
 *
 * @throws KcrError `RECIPE_UNKNOWN`, `RECIPE_READ`, `RECIPE_INVALID` with every wrong field
 */
export async function loadRecipe(nameOrPath: string): Promise<Recipe> {
  const from = Object.hasOwn(recipes, nameOrPath) ? undefined : fileUrl(nameOrPath);
  return parseRecipe(await readRecipe(nameOrPath), nameOrPath, from);
}

/** Whether a text names a recipe, or a file that one may be in. */
export const isRecipe = (nameOrPath: string): boolean =>
  Object.hasOwn(recipes, nameOrPath) || isDefinitionFile(nameOrPath);

/** A recipe as it is written, unchecked. @throws KcrError `RECIPE_UNKNOWN`, `RECIPE_READ` */
export async function readRecipe(nameOrPath: string): Promise<unknown> {
  if (Object.hasOwn(recipes, nameOrPath)) return recipes[nameOrPath];
  if (!isDefinitionFile(nameOrPath))
    throw new KcrError('RECIPE_UNKNOWN', {
      where: `recipe "${nameOrPath}"`,
      found: `no recipe of that name and no ${definitionTypes} file`,
      fix: didYouMean(nameOrPath, Object.keys(recipes), 'Use a file, or one of'),
    });
  const fix = 'Check the path and the syntax of the file';
  return readDefinition(nameOrPath, { code: 'RECIPE_READ', fix });
}
