import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KcrError, messageOf } from '@kcr/core';
import { didYouMean, readJson } from '@kcr/core/internal';
import { importUrl } from '../import-url.ts';
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
  Object.hasOwn(recipes, nameOrPath) || TYPES.includes(extname(nameOrPath));

/** Files that a recipe may be in. */
const TYPES = ['.json', '.js', '.mjs', '.ts', '.mts'];

const fileUrl = (path: string): string => pathToFileURL(resolve(path)).href;

async function readRecipe(nameOrPath: string): Promise<unknown> {
  if (Object.hasOwn(recipes, nameOrPath)) return recipes[nameOrPath];
  const type = extname(nameOrPath);
  if (!TYPES.includes(type))
    throw new KcrError('RECIPE_UNKNOWN', {
      where: `recipe "${nameOrPath}"`,
      found: `no recipe of that name and no ${TYPES.slice(0, -1).join(', ')} or ${TYPES.at(-1)} file`,
      fix: didYouMean(nameOrPath, Object.keys(recipes), 'Use a file, or one of'),
    });
  const fix = 'Check the path and the syntax of the file';
  if (type === '.json') return readJson(nameOrPath, { code: 'RECIPE_READ', fix });
  try {
    // Awaited here: it may be a promise, which may be rejected.
    return await (await importUrl(fileUrl(nameOrPath))).default;
  } catch (cause) {
    throw new KcrError('RECIPE_READ', {
      where: nameOrPath,
      found: messageOf(cause),
      fix,
      cause,
    });
  }
}
