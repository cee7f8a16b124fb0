import { fileURLToPath } from 'node:url';
import { type Adapter, adapt, KcrError, type Model, taskOf } from '@kcr/core';
import type { PlannedStage } from '../events.ts';
import { moduleUrl } from '../module-url.ts';
import { isBundled, loadPart, splitUse } from '../modules.ts';
import { checkParts } from './check-parts.ts';
import {
  type MeasuredTraining,
  type MeasureTrainingsOptions,
  measureTrainings,
} from './measure-trainings.ts';
import { plannedStages } from './planned-stages.ts';
import type { Recipe } from './recipe.ts';
import { recipeData } from './recipe-data.ts';
import { recipeModel } from './recipe-model.ts';
import { recipeModules } from './recipe-modules.ts';
import { type RecipePart, recipeParts } from './recipe-parts.ts';
import { withClassesOf } from './recipe-pretrained.ts';

/** What a recipe would run. */
export interface InspectedRecipe {
  readonly name: string;
  readonly stages: readonly PlannedStage[];
  /** The whole model with its adapters, before anything is taken out of it. */
  readonly model: {
    readonly name: string;
    readonly head?: string;
    readonly task: string;
    /** Height, width and channels. */
    readonly input: readonly number[];
    readonly params: number;
    /** Multiply-accumulates for one image, attention included. */
    readonly macs: number;
    /** Without the adapters, where there are any. */
    readonly dense?: { readonly params: number; readonly macs: number };
  };
  /** Absent where no folder was given. */
  readonly data?: {
    readonly kind: string;
    readonly root: string;
    readonly train: number;
    readonly test: number;
    readonly classes: number;
  };
  /** What its trainings take; absent where that was not asked for. */
  readonly trainings?: readonly MeasuredTraining[];
  /** What it names of other modules, by field, and where that is. */
  readonly parts: readonly (RecipePart & { readonly module: string })[];
}

/** What a recipe is inspected with. */
export interface InspectRecipeOptions {
  /** Folder of its images. Default: the recipe's; without one they are not counted. */
  readonly data?: string;
  /** Makes the first updates of each training, and says what memory and time they take: needs the images. */
  readonly measure?: MeasureTrainingsOptions;
}

/**
 * What a recipe would run: its stages in order, its model, its images, and its parts. All parts are loaded and checked; nothing is
 * trained, and of images only the lists are read.
 *
 * @throws KcrError those of loading parts, building the model and reading the data
 */
export async function inspectRecipe(
  written: Recipe,
  { data: root = written.data.root, measure }: InspectRecipeOptions = {},
): Promise<InspectedRecipe> {
  await checkParts(written);
  await recipeModules(written);
  const splits = root === undefined ? undefined : await recipeData(written, { root });
  const recipe = splits ? await withClassesOf(splits.train, written) : written;
  const { model } = await recipeModel(recipe);
  const adapters = recipe.adapters.map((part) => loadPart<Adapter>(part, recipe.from));
  const whole = adapt(model, await Promise.all(adapters));
  if (measure && !splits)
    throw new KcrError('OPTION', {
      where: `recipe ${recipe.name}, measure`,
      found: 'no images',
      fix: 'Give the folder of its images (--data)',
    });
  return {
    name: recipe.name,
    stages: plannedStages(recipe, splits?.train),
    model: {
      name: recipe.model.name,
      head: recipe.model.head?.name,
      task: taskOf(model).name,
      input: model.inputShape,
      ...sizeOf(whole),
      dense: recipe.adapters.length > 0 ? sizeOf(model) : undefined,
    },
    data: splits && {
      kind: recipe.data.kind,
      root: root!,
      train: splits.train.length,
      test: splits.test.length,
      classes: splits.train.classes.length,
    },
    trainings: measure && splits && (await measureTrainings(recipe, splits, measure)),
    parts: recipeParts(recipe).map((own) => ({ ...own, module: placeOf(own, recipe.from) })),
  };
}

const sizeOf = ({ parameterCount, macs }: Model) => ({ params: parameterCount, macs: macs.total });

/** Where a part's module is: its name where it comes along, a path where not. */
function placeOf({ part }: RecipePart, from?: string): string {
  const { module } = splitUse(part.use);
  return isBundled(module) ? module : fileURLToPath(moduleUrl(module, from));
}
