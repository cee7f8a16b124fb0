import { dirname, isAbsolute, resolve } from 'node:path';
import { KcrError } from '@kcr/core';
import { didYouMean, fieldProblems, jsonCopy } from '@kcr/core/internal';
import {
  definitionTypes,
  fileUrl,
  isDefinitionFile,
  readDefinition,
} from '../recipes/definition-file.ts';
import { recipes } from '../recipes/index.ts';
import { readRecipe } from '../recipes/load-recipe.ts';
import { isShippedSweep, shippedSweeps } from '../shipped-sweeps.ts';
import { checkSweep } from './check-sweep.ts';
import {
  type LoadedSweep,
  type Sweep,
  type SweepInput,
  sweepSchema,
  type WrittenRecipe,
} from './sweep.ts';

/**
 * A sweep by name, or from a .json file, or the default export of a .js, .mjs, .ts or .mts file, or as it is written. All that can be
 * known to be wrong is found here: fields, dotted paths, and each setting's recipe.
 *
 * @throws KcrError `SWEEP_UNKNOWN`, `SWEEP_READ`, `SWEEP_INVALID` with every wrong field, `SWEEP_PATH`, `SWEEP_FOLDS`, `SWEEP_METRIC`, and
 *   those of the recipe and its parts
 */
export async function loadSweep(sweep: string | SweepInput): Promise<LoadedSweep> {
  const path = typeof sweep === 'string' ? fileOf(sweep) : undefined;
  const where = `sweep ${typeof sweep === 'string' ? sweep : sweep.name}`;
  const parsed = parseSweep(path === undefined ? sweep : await readSweep(path), where);
  const loaded = { sweep: parsed, ...(await recipeOf(parsed, path, where)) };
  return checkSweep(loaded);
}

const fix = 'Correct these fields; docs/sweeps.md lists all of them';

/** @throws KcrError `SWEEP_INVALID` */
function parseSweep(input: unknown, where: string): Sweep {
  const { copy, problems } = jsonCopy(input, 'sweep');
  const parsed = sweepSchema.safeParse(copy);
  if (problems.length === 0 && parsed.success) return parsed.data;
  const found = problems.join('; ') || fieldProblems(parsed.error!, 'sweep');
  throw new KcrError('SWEEP_INVALID', { where, found, fix });
}

/** @throws KcrError `SWEEP_UNKNOWN` */
function fileOf(nameOrPath: string): string {
  if (isShippedSweep(nameOrPath)) return shippedSweeps[nameOrPath];
  if (isDefinitionFile(nameOrPath)) return nameOrPath;
  throw new KcrError('SWEEP_UNKNOWN', {
    where: `sweep "${nameOrPath}"`,
    found: `no sweep of that name and no ${definitionTypes} file`,
    fix: didYouMean(nameOrPath, Object.keys(shippedSweeps), 'Use a file, or one of'),
  });
}

const readSweep = (path: string): Promise<unknown> =>
  readDefinition(path, { code: 'SWEEP_READ', fix: 'Check the path and the syntax of the file' });

/** The recipe that a sweep names, as JSON, and where it is from. */
async function recipeOf(
  { recipe }: Sweep,
  path: string | undefined,
  where: string,
): Promise<Pick<LoadedSweep, 'recipe' | 'from'>> {
  const own = path === undefined ? undefined : fileUrl(path);
  if (typeof recipe !== 'string') return { recipe, from: own };
  const named = Object.hasOwn(recipes, recipe);
  const file =
    named || path === undefined || isAbsolute(recipe) ? recipe : resolve(dirname(path), recipe);
  const written = await readRecipe(named || isDefinitionFile(recipe) ? file : recipe);
  const { copy, problems } = jsonCopy(written, 'recipe');
  if (problems.length > 0 || typeof copy !== 'object' || copy === null)
    throw new KcrError('SWEEP_INVALID', {
      where: `${where}, recipe ${recipe}`,
      found: problems.join('; ') || `${typeof copy} instead of a recipe`,
      fix: 'Name the file of a recipe',
    });
  return { recipe: copy as WrittenRecipe, from: named ? undefined : fileUrl(file) };
}
