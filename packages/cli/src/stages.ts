import { join } from 'node:path';
import {
  type Adapter,
  adapt,
  classification,
  type Dataset,
  type Engine,
  type FitResult,
  fit,
  KcrError,
  type Kept,
  loadWeights,
  type Model,
  type ModelInfo,
  type Plugin,
  prune,
  readSafetensors,
  type SearchResult,
  type StateDict,
  saveModel,
  search,
  subset,
  taskOf,
  writeAtomic,
} from '@kcr/core';
import { distillation } from '@kcr/distill';
import { loadPart } from './modules.ts';
import { progressView } from './progress.ts';
import { pruneInto } from './pruning.ts';
import type { PruningRecipe, Recipe, TrainingRecipe } from './recipe.ts';
import { isCheckpoint, labelled, loadCheckpoint, type RecipeData, recipeModel } from './sources.ts';

/** What every stage of a recipe needs. */
export interface StageContext {
  recipe: Recipe;
  data: RecipeData;
  /** Makes an engine; each stage has one of its own. */
  createEngine(): Promise<Engine>;
  /** The run's folder. */
  directory: string;
  /** Trained weights of the dense model, instead of training it: a checkpoint or a file with timm's names. */
  weights?: string;
  /** A checkpoint whose backbone the compact model of a dense task has. */
  backbone?: string;
  /** Whom `retrain` learns from: see the recipe's `distillation.teacher`. */
  teacher?: string;
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
  const view = progressView(stage, taskOf(model));
  const options = {
    ...training,
    model,
    engine: await context.createEngine(),
    train: data.train,
    validation: data.test,
    seed,
    plugins: await Promise.all(plugins.map((part) => loadPart<Plugin>(part))),
    directory: join(directory, stage),
    info,
    onStep: view.onStep,
    onEpoch: view.onEpoch,
    onWarning: view.onWarning,
  };
  return { options, view };
}

/**
 * Trains a model under `stage`'s settings, and with further plugins, into that folder of the run.
 *
 * @param initial weights to start from; default new ones
 */
export async function trainStage(
  context: StageContext,
  stage: string,
  model: Model,
  settings: TrainingRecipe,
  { plugins = [], initial }: { plugins?: readonly Plugin[]; initial?: StateDict } = {},
): Promise<FitResult> {
  const { options, view } = await common(context, stage, model, settings);
  options.plugins.push(...plugins);
  try {
    return await fit({ ...options, initial });
  } finally {
    view.stop();
    await options.engine.dispose();
  }
}

/** The recipe's model with its adapters, before any pruning. */
export async function wholeModel(recipe: Recipe): Promise<Model> {
  const adapters = await Promise.all(recipe.adapters.map((part) => loadPart<Adapter>(part)));
  return adapt((await recipeModel(recipe)).model, adapters);
}

/** Searches the recipe's channels; `search/selection.json` keeps what was chosen. */
export async function searchStage(context: StageContext): Promise<SearchResult> {
  const { recipe, directory } = context;
  if (!recipe.search)
    throw new KcrError('RECIPE_INVALID', {
      where: `recipe ${recipe.name}`,
      found: 'no `search`',
      fix: 'Add one, or run `kcr compress`, which then prunes nothing',
    });
  const { classes, ...settings } = recipe.search;
  const { options, view } = await common(context, 'search', await wholeModel(recipe), settings);
  if (classes !== undefined)
    options.train = firstClasses(labelled(context.data.train, taskOf(options.model)), classes);
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
function firstClasses(train: Dataset, classes: number) {
  const indices = train.labels.map((label, i) => (label < classes ? i : -1)).filter((i) => i >= 0);
  return subset(train, indices);
}

/** The compact model before it is trained. */
export interface CompactModel {
  model: Model;
  /** Absent: it is trained from scratch. */
  weights?: StateDict;
}

/** The model with the chosen channels, without weights. */
export const compactModel = async (recipe: Recipe, kept: Kept): Promise<CompactModel> => ({
  model: prune(await wholeModel(recipe), kept),
});

/** Trains the compact model as `stage`. */
export async function retrainStage(
  context: StageContext,
  stage: string,
  { model, weights }: CompactModel,
  plugins = context.recipe.retrain.plugins,
): Promise<FitResult> {
  const settings = { ...context.recipe.retrain, plugins };
  const more = { plugins: await teaching(context), initial: weights };
  return trainStage(context, stage, model, settings, more);
}

/**
 * Trains the dense model, or takes its weights from elsewhere, into the folder `dense` of the run.
 *
 * @returns whether the run has a dense model
 */
export async function denseStage(context: StageContext): Promise<boolean> {
  const { recipe, weights, directory, data } = context;
  const { model } = await recipeModel(recipe);
  if (weights) {
    const path = isCheckpoint(weights) ? join(weights, 'model.safetensors') : weights;
    const info = { classes: data.train.classes, normalization: data.normalization };
    await saveModel(join(directory, 'dense'), model, await loadWeights(model, path), info);
    return true;
  }
  if (recipe.dense) await trainStage(context, 'dense', model, recipe.dense);
  return recipe.dense !== undefined;
}

/** Prunes the run's dense model into the folder `pruned`. @throws KcrError `PRUNE_DENSE` */
export async function pruneStage(
  context: StageContext,
  settings: PruningRecipe,
): Promise<CompactModel> {
  const { recipe, directory, data, createEngine, seed } = context;
  const dense = join(directory, 'dense');
  if (!isCheckpoint(dense))
    throw new KcrError('PRUNE_DENSE', {
      where: `recipe ${recipe.name}`,
      found: 'no trained model to prune',
      fix: 'Pass --weights PATH, or add `dense` to the recipe',
    });
  return pruneInto(join(directory, 'pruned'), await loadCheckpoint(dense), settings, {
    train: labelled(data.train, classification),
    createEngine,
    seed,
  });
}

/** The plugin by which `retrain` learns from its teacher, if there is one. @throws KcrError `TEACHER` */
async function teaching({ recipe, teacher, directory, data }: StageContext): Promise<Plugin[]> {
  const { teacher: own, ...options } = recipe.distillation;
  const source = teacher ?? own;
  if (!source) return [];
  const path = source === 'dense' ? join(directory, 'dense') : source;
  if (!isCheckpoint(path)) {
    const { logits } = (await readSafetensors(path)).tensors;
    if (logits) return [distillation({ ...options, teacher: { logits } })];
    throw teacherError(path, 'neither a checkpoint folder nor a tensor named "logits"');
  }
  const { model, weights, info } = await loadCheckpoint(path);
  if (JSON.stringify(info.normalization) !== JSON.stringify(data.normalization))
    throw teacherError(path, 'a model of images that are normalised in another way');
  return [distillation({ ...options, teacher: { model, weights } })];
}

const teacherError = (where: string, found: string) =>
  new KcrError('TEACHER', {
    where,
    found,
    fix: 'Pass a checkpoint, or the logits that `kcr eval --logits FILE` stores for the training images',
  });
