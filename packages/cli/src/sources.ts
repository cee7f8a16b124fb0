import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createModel, models } from '@kcr/backbones';
import {
  checkDataset,
  type Dataset,
  KcrError,
  type LoadedModel,
  loadModel,
  Model,
  type Normalization,
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
import { findAdapter, findArchitecture, findEntry } from './modules.ts';
import type { Recipe } from './recipe.ts';

type NamedAugment = Extract<Recipe['data']['augment'][number], string>;

const augments: Record<NamedAugment, () => Augment> = {
  horizontalFlip,
  verticalFlip,
  transpose,
  randomCrop: () => randomCrop(4),
  randAugment,
  randomErasing: () => randomErasing({ probability: 0.2 }),
};

/** The model of a recipe and how its input is normalised. @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG` */
export function recipeModel({ model, data }: Recipe): {
  model: Model;
  normalization: Normalization;
} {
  const built = createModel(model.name, model.config);
  return { model: built, normalization: data.normalization ?? models[model.name]!.normalization };
}

export interface RecipeData {
  train: Dataset;
  test: Dataset;
  normalization: Normalization;
}

/**
 * Training and test images of a recipe.
 *
 * @throws KcrError `DATA_ROOT`, `FOLDER_*`
 */
export async function recipeData(recipe: Recipe, root = recipe.data.root): Promise<RecipeData> {
  if (!root)
    throw new KcrError('DATA_ROOT', {
      where: `recipe ${recipe.name}`,
      found: 'no data folder',
      fix: 'Pass --data FOLDER, with one folder of images per class under train and test',
    });
  const { data } = recipe;
  const { model, normalization } = recipeModel(recipe);
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
    normalization,
  };
}

/** A checkpoint folder, or undefined for something else. */
export const isCheckpoint = (path: string): boolean => existsSync(join(path, 'model.json'));

/** Loads a checkpoint with any architecture that its module has. */
export const loadCheckpoint = (directory: string): Promise<LoadedModel> =>
  loadModel(directory, { architecture: findArchitecture, adapter: findAdapter });

/**
 * A folder of images, one folder per class, as a checkpoint's model takes them.
 *
 * @throws KcrError `FOLDER_*`, `DATASET_*`
 */
export async function checkpointImages(
  { model, info }: LoadedModel,
  folder: string,
  options: Pick<ImageFolderOptions, 'cropRatio' | 'cacheBytes'>,
): Promise<Dataset> {
  const [size, , channels] = model.inputShape;
  const source = await imageFolder(folder, {
    ...{ size, channels: channels as 1 | 3, classes: info.classes },
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
