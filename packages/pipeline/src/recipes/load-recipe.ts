import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KcrError, messageOf, readJson } from '@kcr/core';
import { recipes } from './index.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { Recipe } from './recipe.ts';

/**
 * A recipe by name, or from a .json, .js or .mjs file (default export).
 *
 * @throws KcrError `RECIPE_UNKNOWN`, `RECIPE_READ`, `RECIPE_INVALID` with every wrong field
 */
export async function loadRecipe(nameOrPath: string): Promise<Recipe> {
  return parseRecipe(await readRecipe(nameOrPath), nameOrPath);
}

async function readRecipe(nameOrPath: string): Promise<unknown> {
  if (Object.hasOwn(recipes, nameOrPath)) return recipes[nameOrPath];
  const type = extname(nameOrPath);
  if (!['.json', '.js', '.mjs'].includes(type))
    throw new KcrError('RECIPE_UNKNOWN', {
      where: `recipe "${nameOrPath}"`,
      found: 'no recipe of that name and no .json, .js or .mjs file',
      fix: `Use one of ${Object.keys(recipes).join(', ')}, or a file`,
    });
  const fix = 'Check the path and the syntax of the file';
  if (type === '.json') return readJson(nameOrPath, { code: 'RECIPE_READ', fix });
  try {
    // Awaited here: it may be a promise, which may be rejected.
    return await (await import(pathToFileURL(resolve(nameOrPath)).href)).default;
  } catch (cause) {
    throw new KcrError('RECIPE_READ', {
      where: nameOrPath,
      found: messageOf(cause),
      fix,
      cause,
    });
  }
}
