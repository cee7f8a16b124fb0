import { join } from 'node:path';
import {
  type Engine,
  type FitResult,
  fit,
  type Kept,
  type Model,
  type ModelInfo,
  prune,
  type SearchResult,
  search,
  subset,
  writeAtomic,
} from '@kcr/core';
import { loadPlugin } from './modules.ts';
import { progressView } from './progress.ts';
import type { Recipe, TrainingRecipe } from './recipe.ts';
import { type RecipeData, recipeModel } from './sources.ts';

/** What every stage of a recipe needs. */
export interface StageContext {
  recipe: Recipe;
  data: RecipeData;
  /** Makes an engine; each stage has one of its own. */
  createEngine(): Promise<Engine>;
  /** The run's folder. */
  directory: string;
  seed: number;
}

async function common(
  context: StageContext,
  stage: string,
  model: Model,
  settings: TrainingRecipe,
) {
  const { data, directory, seed } = context;
  const info: ModelInfo = { classes: data.train.classes, normalization: data.normalization };
  const { plugins, ...training } = settings;
  const view = progressView(stage);
  const options = {
    ...training,
    model,
    engine: await context.createEngine(),
    train: data.train,
    validation: data.test,
    seed,
    plugins: await Promise.all(plugins.map(loadPlugin)),
    directory: join(directory, stage),
    info,
    onStep: view.onStep,
    onEpoch: view.onEpoch,
    onWarning: view.onWarning,
  };
  return { options, view };
}

/** Trains a model under `stage`'s settings, into that folder of the run. */
export async function trainStage(
  context: StageContext,
  stage: string,
  model: Model,
  settings: TrainingRecipe,
): Promise<FitResult> {
  const { options, view } = await common(context, stage, model, settings);
  try {
    return await fit(options);
  } finally {
    view.stop();
    await options.engine.dispose();
  }
}

/** Searches the recipe's channels; `search/selection.json` keeps what was chosen. */
export async function searchStage(context: StageContext): Promise<SearchResult> {
  const { recipe, directory } = context;
  const { classes, ...settings } = recipe.search;
  const { model } = recipeModel(recipe);
  const { options, view } = await common(context, 'search', model, settings);
  if (classes !== undefined) options.train = firstClasses(context.data, classes);
  try {
    const result = await search(options);
    const file = { model: recipe.model, kept: result.kept };
    await writeAtomic(
      join(directory, 'search', 'selection.json'),
      `${JSON.stringify(file, null, 1)}\n`,
    );
    return result;
  } finally {
    view.stop();
    await options.engine.dispose();
  }
}

/** The training images of the first classes; the classifier keeps all its outputs. */
function firstClasses({ train }: RecipeData, classes: number) {
  const indices = train.labels.map((label, i) => (label < classes ? i : -1)).filter((i) => i >= 0);
  return subset(train, indices);
}

/** Trains the model with the chosen channels from scratch, as `stage`. */
export function retrainStage(
  context: StageContext,
  stage: string,
  kept: Kept,
  plugins = context.recipe.retrain.plugins,
): Promise<FitResult> {
  const { recipe } = context;
  const model = prune(recipeModel(recipe).model, kept);
  return trainStage(context, stage, model, { ...recipe.retrain, plugins });
}
