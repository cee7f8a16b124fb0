import { type Analysis, KcrError, taskOf } from '@kcr/core';
import { didYouMean, isRecord, validationName } from '@kcr/core/internal';
import { findDataKind } from '../data/data-kinds.ts';
import { loadPart } from '../modules.ts';
import { checkParts } from '../recipes/check-parts.ts';
import { parseRecipe } from '../recipes/parse-recipe.ts';
import type { Recipe } from '../recipes/recipe.ts';
import { recipeModel } from '../recipes/recipe-model.ts';
import { startPoints } from './brackets.ts';
import { hasPath, pathsOf, withValue } from './dotted-path.ts';
import { pointText, withPoint } from './point.ts';
import type { LoadedSweep, Point, WrittenRecipe } from './sweep.ts';

/**
 * Checks a sweep against its recipe, before anything is trained.
 *
 * @returns the sweep, its recipe with what is set for all trials
 * @throws KcrError `SWEEP_PATH`, `SWEEP_FOLDS`, `SWEEP_METRIC`, and those of the recipe and its parts, each with the setting that has them
 */
export async function checkSweep(loaded: LoadedSweep): Promise<LoadedSweep> {
  const { sweep, recipe: written, from } = loaded;
  const where = `sweep ${sweep.name}`;
  const plain = await parseRecipe(written, String(written.name), from);
  const paths = { written, plain, from, where };
  let recipe = written;
  for (const [path, value] of Object.entries(sweep.set)) {
    await requirePath(path, value, paths);
    recipe = withValue(recipe, path, value) as WrittenRecipe;
  }
  const set = await inSetting(where, sweep.set, () =>
    parseRecipe(recipe, String(recipe.name), from),
  );
  const own = { written: recipe, plain: set, from, where };
  for (const [path, values] of Object.entries(sweep.parameters))
    await requirePath(path, Array.isArray(values) ? values[0] : values.from, own);
  const { strategy } = sweep;
  if (strategy.kind === 'halving') await requirePath(strategy.epochs, strategy.minEpochs, own);
  await requireFolds(loaded, set, where);
  await requireMetric(sweep.metric.path, set, where);
  const models = new Set<string>();
  for (const point of startPoints(sweep))
    await inSetting(where, point, async () => {
      const parsed = await parseRecipe(withPoint(recipe, point), String(recipe.name), from);
      await checkParts(parsed);
      const model = JSON.stringify(parsed.model);
      if (!models.has(model)) await recipeModel(parsed);
      models.add(model);
    });
  return { ...loaded, recipe };
}

/** Says in which setting something is wrong. */
async function inSetting<T>(where: string, point: Point, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (!(cause instanceof KcrError) || Object.keys(point).length === 0) throw cause;
    const { code, found, fix } = cause;
    throw new KcrError(code, {
      where: `${where}, ${pointText(point)}: ${cause.where}`,
      found,
      fix,
      cause,
    });
  }
}

interface PathsOf {
  readonly written: WrittenRecipe;
  /** The same, checked. */
  readonly plain: Recipe;
  readonly from?: string;
  readonly where: string;
}

/** A name that no field has. */
const NOTHING = 'noFieldOfThisName';

/**
 * Refuses a path that the recipe has nothing at. It has what is written, what has a default, and fields that are left out: those whose
 * place takes this name, and not any name.
 */
async function requirePath(
  path: string,
  value: unknown,
  { written, plain, from, where }: PathsOf,
): Promise<void> {
  const { options, ...data } = plain.data;
  const filled = { ...plain, data: { ...data, ...(isRecord(options) ? options : {}) } };
  if (hasPath(written, path) || hasPath(filled, path)) return;
  const parent = path.split('.').slice(0, -1).join('.');
  const takes = async (name: string) => {
    const at = parent === '' ? name : `${parent}.${name}`;
    try {
      const tried = await parseRecipe(withValue(written, at, value), where, from);
      await checkParts(tried);
      return true;
    } catch {
      return false;
    }
  };
  const isThere = parent === '' || hasPath(written, parent);
  const last = path.slice(path.lastIndexOf('.') + 1);
  if (isThere && (await takes(last)) && !(await takes(NOTHING))) return;
  const known = [...new Set([...pathsOf(written), ...pathsOf(filled)])].filter(
    (own) => own !== 'from' && own !== 'name',
  );
  throw new KcrError('SWEEP_PATH', {
    where: `${where}, "${path}"`,
    found: `the recipe ${written.name} has nothing there`,
    fix: didYouMean(path, known, 'Write it in the recipe first, or use one of'),
  });
}

/** @throws KcrError `SWEEP_FOLDS` */
async function requireFolds({ sweep }: LoadedSweep, recipe: Recipe, where: string): Promise<void> {
  if (!sweep.folds) return;
  const kind = await findDataKind(recipe.data.kind, recipe.from);
  if (kind.folded) return;
  throw new KcrError('SWEEP_FOLDS', {
    where: `${where}, folds`,
    found: `data of kind ${recipe.data.kind}, whose images cannot be parted by class`,
    fix: 'Leave `folds` out, and measure on images that are not the last test’s',
  });
}

/** The models of a recipe's runs, as their summaries name them. */
const modelsOf = ({ dense, search, prune, model, controls, ablations }: Recipe): string[] => [
  ...(dense || model.pretrained ? ['dense'] : []),
  ...(prune || search ? ['pruned'] : []),
  'compact',
  ...controls.flatMap((name) => [`${name}Pruned`, name]),
  ...Object.keys(ablations),
];

/** @throws KcrError `SWEEP_METRIC` */
async function requireMetric(path: string, recipe: Recipe, where: string): Promise<void> {
  const analyses = await Promise.all(
    recipe.analyses.map((part) => loadPart<Analysis>(part, recipe.from)),
  );
  const { metrics } = taskOf((await recipeModel(recipe)).model);
  const numbers = [
    ...Object.keys(metrics),
    validationName('loss'),
    ...['params', 'macs', 'latencyMs'],
    ...analyses.flatMap(({ columns }) => columns.map(({ number }) => number)),
  ];
  const known = modelsOf(recipe).flatMap((model) => numbers.map((number) => `${model}.${number}`));
  if (known.includes(path)) return;
  throw new KcrError('SWEEP_METRIC', {
    where: `${where}, metric`,
    found: `${path}, which a run of ${recipe.name} does not give`,
    fix: didYouMean(path, known, 'Use one of'),
  });
}
