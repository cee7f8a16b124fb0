import { KcrError } from '@kcr/core';
import { fieldProblems, jsonCopy } from '@kcr/core/internal';
import type { z } from 'zod';
import {
  type Pruning,
  type PruningInput,
  pruningSchema,
  type Recipe,
  recipeSchema,
} from './recipe.ts';

/**
 * Checks a recipe.
 *
 * @param from URL of its file, which names of modules are resolved from. Absent: from the process's folder
 * @throws KcrError `RECIPE_INVALID` with every wrong field, and those of loading the kind of its data
 */
export const parseRecipe = (input: unknown, where: string, from?: string): Promise<Recipe> =>
  parse(recipeSchema(from), input, `recipe ${where}`);

/** Checks the settings of pruning. @throws KcrError `RECIPE_INVALID` */
export const parsePruning = (input: PruningInput, where: string): Promise<Pruning> =>
  parse(pruningSchema, input, where);

/** Checks what code may have made: a recipe is JSON, also where it stands in a module. */
async function parse<T>(type: z.ZodType<T>, input: unknown, where: string): Promise<T> {
  const { copy, problems } = jsonCopy(input, 'recipe');
  if (problems.length > 0) throw invalid(where, problems.join('; '));
  const parsed = await type.safeParseAsync(copy);
  if (parsed.success) return parsed.data;
  throw invalid(where, fieldProblems(parsed.error, 'recipe'));
}

const invalid = (where: string, found: string): KcrError =>
  new KcrError('RECIPE_INVALID', {
    where,
    found,
    fix: 'Correct these fields; docs/recipes.md lists all of them',
  });
