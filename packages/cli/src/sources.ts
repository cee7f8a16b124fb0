import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, models } from '@kcr/backbones';
import {
  checkDataset,
  classification,
  type Dataset,
  Generator,
  type ImageSet,
  KcrError,
  type LoadedModel,
  loadModel,
  Model,
  type Normalization,
  noClasses,
  type PrunedModel,
  type Task,
  taskOf,
} from '@kcr/core';
import {
  type Augment,
  horizontalFlip,
  type ImageFolderOptions,
  imageDataset,
  imageFolder,
  randAugment,
  randomCrop,
  randomErasing,
  transpose,
  verticalFlip,
} from '@kcr/data';
import { denseModel, denseWeights } from '@kcr/detect';
import { denseData } from './dense-data.ts';
import { findAdapter, findArchitecture, findEntry, findHead } from './modules.ts';
import type { ClassifiedData, Recipe } from './recipe.ts';

type NamedAugment = Extract<ClassifiedData['augment'][number], string>;

const augments: Record<NamedAugment, () => Augment> = {
  horizontalFlip,
  verticalFlip,
  transpose,
  randomCrop: () => randomCrop(4),
  randAugment,
  randomErasing: () => randomErasing({ probability: 0.2 }),
};

/**
 * The model of a recipe and how its input is normalised.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`, `MODULE_LOAD`, `HEAD_UNKNOWN`
 */
export async function recipeModel({ model, data }: Recipe): Promise<{
  model: Model;
  normalization: Normalization;
}> {
  const { name, config } = model;
  return {
    model: await underHead(model, createModel(name, config)),
    normalization: data.normalization ?? models[name]!.normalization,
  };
}

/** A recipe's head on a model; the model itself where the recipe has none. */
const underHead = async ({ head }: Recipe['model'], model: Model): Promise<Model> =>
  head ? denseModel(await findHead(head.module, head.name), model, head.config) : model;

/**
 * A recipe's dense model on the backbone of a checkpoint, pruned channels and adapters included, with its weights; what
 * the backbone does not have is drawn.
 *
 * @throws KcrError `BACKBONE`, and those of reading a checkpoint
 */
export async function onBackbone(
  { model: own, seed }: Recipe,
  directory: string,
): Promise<PrunedModel> {
  const { model: trained, weights } = await loadCheckpoint(directory);
  const { architecture, kept, adapters } = trained;
  const expected = createModel(own.name).architecture;
  if (architecture.name !== expected.name || !own.head)
    throw new KcrError('BACKBONE', {
      where: directory,
      found: own.head
        ? `a ${architecture.name} for a recipe of ${expected.name}`
        : 'a recipe without a head',
      fix: 'Pass a checkpoint of the backbone that the recipe builds on',
    });
  const config = architecture.configure({ ...trained.config, ...own.config });
  const model = await underHead(own, new Model(architecture, config, kept, adapters));
  const generator = new Generator(seed).fork('weights');
  return { model, weights: denseWeights(model, weights, generator) };
}

/** Training and test data, as the recipe's model takes them. */
export interface RecipeData {
  train: ImageSet;
  test: ImageSet;
  normalization: Normalization;
}

/**
 * Training and test data of a recipe.
 *
 * @throws KcrError `DATA_ROOT`, `DATA_TASK`, and those of reading them
 */
export async function recipeData(recipe: Recipe, root = recipe.data.root): Promise<RecipeData> {
  if (!root)
    throw new KcrError('DATA_ROOT', {
      where: `recipe ${recipe.name}`,
      found: 'no data folder',
      fix: "Pass --data FOLDER, the folder that the recipe's paths are in",
    });
  const { data } = recipe;
  const { model, normalization } = await recipeModel(recipe);
  if (isClassified(data) !== (taskOf(model) === classification))
    throw new KcrError('DATA_TASK', {
      where: `recipe ${recipe.name}, data`,
      found: `data of kind ${data.kind ?? 'classes'} for ${taskOf(model).name}`,
      fix: 'Give the model a `head` for data of another kind than classes, and no head for classes',
    });
  const sets = isClassified(data)
    ? await classifiedData(data, root, model, normalization)
    : await denseData(data, root, model.inputShape, normalization);
  return { ...sets, normalization };
}

const isClassified = (data: Recipe['data']): data is ClassifiedData =>
  (data.kind ?? 'classes') === 'classes';

/** Folders with one folder of images per class. */
async function classifiedData(
  data: ClassifiedData,
  root: string,
  model: Model,
  normalization: Normalization,
) {
  const [size, , channels] = model.inputShape;
  const common = { size, channels: channels as 1 | 3, cropRatio: data.cropRatio };
  const { resizedCrop } = data;
  const train = await imageFolder(join(root, data.train), { ...common, resizedCrop });
  const test = await imageFolder(join(root, data.test), { ...common, classes: train.classes });
  const augment = data.augment.map((item) =>
    typeof item === 'string'
      ? augments[item]()
      : randomErasing({ probability: item.randomErasing }),
  );
  return {
    train: imageDataset(train, { normalization, augment, mix: data.mix }),
    test: imageDataset(test, { normalization }),
  };
}

/** The images with a class each; dense data have none. @throws KcrError `TASK_CLASSES` */
export function labelled(data: ImageSet, task: Task): Dataset {
  return 'labels' in data ? (data as Dataset) : noClasses('data', task);
}

/** A checkpoint folder, or undefined for something else. */
export const isCheckpoint = (path: string): boolean => existsSync(join(path, 'model.json'));

/** Loads a checkpoint with any architecture that its module has. */
export const loadCheckpoint = (directory: string): Promise<LoadedModel> =>
  loadModel(directory, { architecture: findArchitecture, head: findHead, adapter: findAdapter });

/**
 * A folder of images, one folder per class, as a checkpoint's model takes them.
 *
 * @throws KcrError `FOLDER_*`, `DATASET_*`, `TASK_CLASSES` for dense models
 */
export async function checkpointImages(
  { model, info }: LoadedModel,
  folder: string,
  options: Pick<ImageFolderOptions, 'cropRatio' | 'cacheBytes'>,
): Promise<Dataset> {
  if (taskOf(model) !== classification) noClasses(folder, taskOf(model));
  const [size, , channels] = model.inputShape;
  const source = await imageFolder(folder, {
    size,
    channels: channels as 1 | 3,
    classes: info.classes,
    ...options,
  });
  const dataset = imageDataset(source, { normalization: info.normalization });
  checkDataset(model, dataset, folder);
  return dataset;
}

/**
 * A model by checkpoint folder, timm name, or `MODULE#NAME` for one of another package's `models`.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODULE_LOAD`
 */
export async function findModel(nameOrPath: string, config: object = {}): Promise<Model> {
  if (isCheckpoint(nameOrPath)) return (await loadCheckpoint(nameOrPath)).model;
  const at = nameOrPath.lastIndexOf('#');
  if (at < 0) return createModel(nameOrPath, config);
  const { architecture, config: own } = await findEntry(
    nameOrPath.slice(0, at),
    nameOrPath.slice(at + 1),
  );
  return new Model(architecture, architecture.configure({ ...own, ...config }));
}
