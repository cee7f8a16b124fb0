import { fileURLToPath } from 'node:url';
import { type Adapter, adapt, type ImageSet, type Model, taskOf } from '@kcr/core';
import { moduleUrl } from '../module-url.ts';
import { isBundled, loadPart, splitUse } from '../modules.ts';
import { folderOf } from '../report/run-analysis.ts';
import { checkParts } from './check-parts.ts';
import type { Pruning, Recipe } from './recipe.ts';
import { recipeData } from './recipe-data.ts';
import { recipeModel } from './recipe-model.ts';
import { recipeModules } from './recipe-modules.ts';
import { type RecipePart, recipeParts } from './recipe-parts.ts';
import { withClassesOf } from './recipe-pretrained.ts';

/** A stage of a run, as it would be. */
export interface InspectedStage {
  /** As its folder and its events name it. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly does: string;
  readonly epochs?: number;
  /** Updates in all; where the images are known. */
  readonly steps?: number;
}

/** What a recipe would run. */
export interface InspectedRecipe {
  readonly name: string;
  readonly stages: readonly InspectedStage[];
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
  /** What it names of other modules, by field, and where that is. */
  readonly parts: readonly (RecipePart & { readonly module: string })[];
}

/** What a recipe is inspected with. */
export interface InspectRecipeOptions {
  /** Folder of its images. Default: the recipe's; without one they are not counted. */
  readonly data?: string;
}

/**
 * What a recipe would run: its stages in order, its model, its images, and its parts. All parts are loaded and checked; nothing is
 * trained, and of images only the lists are read.
 *
 * @throws KcrError those of loading parts, building the model and reading the data
 */
export async function inspectRecipe(
  written: Recipe,
  { data: root = written.data.root }: InspectRecipeOptions = {},
): Promise<InspectedRecipe> {
  await checkParts(written);
  await recipeModules(written);
  const splits = root === undefined ? undefined : await recipeData(written, { root });
  const recipe = splits ? await withClassesOf(splits.train, written) : written;
  const { model } = await recipeModel(recipe);
  const adapters = recipe.adapters.map((part) => loadPart<Adapter>(part, recipe.from));
  const whole = adapt(model, await Promise.all(adapters));
  return {
    name: recipe.name,
    stages: stagesOf(recipe, splits?.train),
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
    parts: recipeParts(recipe).map((own) => ({ ...own, module: placeOf(own, recipe.from) })),
  };
}

const sizeOf = ({ parameterCount, macs }: Model) => ({ params: parameterCount, macs: macs.total });

/** Where a part's module is: its name where it comes along, a path where not. */
function placeOf({ part }: RecipePart, from?: string): string {
  const { module } = splitUse(part.use);
  return isBundled(module) ? module : fileURLToPath(moduleUrl(module, from));
}

/** Core's default of `architectureShare`. */
const ARCHITECTURE_SHARE = 0.3;

/** The stages in the order in which they run. */
function stagesOf(recipe: Recipe, train?: ImageSet): InspectedStage[] {
  const { dense, search, prune, retrain, ablations, controls, analyses } = recipe;
  const training = (name: string, does: string, settings: Training): InspectedStage => ({
    name,
    does,
    epochs: settings.epochs,
    steps: train && settings.epochs * updatesOf(settings, train.length),
  });
  const from = (initial: string) => (initial === 'scratch' ? 'from scratch' : `from ${initial}`);
  const start = prune ? 'from pruned' : from(retrain.initial);
  return [
    ...(dense
      ? [training('dense', `trains the whole model, ${from(initialOf(recipe))}`, dense)]
      : []),
    ...(search
      ? [
          {
            ...training('search', `searches channels, ${from(search.initial)}`, search),
            steps: train && searchSteps(search, train.length),
          },
        ]
      : []),
    ...(prune ? [{ name: 'pruned', does: pruningWords(prune) }] : []),
    training('compact', `trains what is left, ${start}`, retrain),
    ...Object.keys(ablations).map((name) =>
      training(folderOf(name), 'the same with other plugins', retrain),
    ),
    ...controls.map((name) => training(folderOf(name), 'the same of other channels', retrain)),
    {
      name: 'analysis',
      does: ['size, metrics and latency of each model', ...analyses.map(({ use }) => use)].join(
        ', ',
      ),
    },
  ];
}

type Training = Pick<Recipe['retrain'], 'epochs' | 'batchSize' | 'accumulate'>;

/** Updates of a search, in which weights and masks share the images; unknown where it sees some classes alone. */
function searchSteps(search: NonNullable<Recipe['search']>, images: number): number | undefined {
  const { architectureShare: share = ARCHITECTURE_SHARE, freezeWeights, classes, epochs } = search;
  if (classes !== undefined) return undefined;
  const weights = freezeWeights ? 0 : Math.round(images * (1 - share));
  return epochs * (updatesOf(search, weights) + updatesOf(search, images - weights));
}

/** Updates of an epoch. */
const updatesOf = ({ batchSize, accumulate = 1 }: Training, images: number): number =>
  Math.floor(images / (batchSize * accumulate));

const initialOf = ({ dense, model }: Recipe): string =>
  dense?.initial ?? (model.pretrained === undefined ? 'scratch' : model.pretrained);

const pruningWords = (prune: Pruning): string => {
  const { criterion } = prune;
  if (prune.method === 'bottom-up-cascade')
    return `takes out channels by ${criterion.use}, block by block, for ${prune.epsilon} points`;
  const { allocator, budget, schedule } = prune;
  const named = typeof allocator === 'string' ? `${allocator} ${budget}` : allocator.use;
  const when = typeof schedule === 'string' ? schedule : schedule.use;
  return `takes out channels by ${criterion.use}, ${named}, ${when}`;
};
