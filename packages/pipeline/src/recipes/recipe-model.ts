import {
  type Adapter,
  adapt,
  Generator,
  KcrError,
  Model,
  type Normalization,
  type PrunedModel,
} from '@kcr/core';
import { headWeights, withHead } from '@kcr/detect';
import { modelOf } from '../find-model.ts';
import { findModelEntry } from '../find-model-entry.ts';
import { type CheckpointOptions, loadCheckpoint } from '../load-checkpoint.ts';
import { findHead, loadPart } from '../modules.ts';
import type { Recipe } from './recipe.ts';

/**
 * The model of a recipe, without its adapters, and how its input is normalised.
 *
 * @throws KcrError `MODEL_UNKNOWN`, `MODEL_CONFIG`, `MODULE_LOAD`, `HEAD_UNKNOWN`
 */
export async function recipeModel({ model, data, from }: Recipe): Promise<{
  model: Model;
  normalization: Normalization;
}> {
  const entry = await findModelEntry(model.name, from);
  return {
    model: await underHead({ model, from }, modelOf(entry, model.config)),
    normalization: data.normalization ?? entry.normalization,
  };
}

/** A recipe's head on a model; the model itself where the recipe has none. */
const underHead = async (
  { model: { head }, from }: Pick<Recipe, 'model' | 'from'>,
  model: Model,
): Promise<Model> =>
  head ? withHead(await findHead(head.module, head.name, from), model, head.config) : model;

/** The recipe's model with its adapters, before any pruning. */
export async function wholeModel(recipe: Recipe): Promise<Model> {
  const adapters = await Promise.all(
    recipe.adapters.map((part) => loadPart<Adapter>(part, recipe.from)),
  );
  return adapt((await recipeModel(recipe)).model, adapters);
}

/**
 * A recipe's model on the backbone of a checkpoint, pruned channels and adapters included, with its weights; what the
 * backbone does not have is drawn.
 *
 * @param trust of the modules that the checkpoint names
 * @throws KcrError `BACKBONE`, and those of reading a checkpoint
 */
export async function onBackbone(
  { model: own, seed, from }: Recipe,
  directory: string,
  { trust, on }: Pick<CheckpointOptions, 'trust' | 'on'> = {},
): Promise<PrunedModel> {
  const { model: trained, weights } = await loadCheckpoint(directory, { trust, on, from });
  const { architecture, kept, adapters } = trained;
  const expected = (await findModelEntry(own.name, from)).architecture;
  if (architecture.name !== expected.name || !own.head)
    throw new KcrError('BACKBONE', {
      where: directory,
      found: own.head
        ? `a ${architecture.name} for a recipe of ${expected.name}`
        : 'a recipe without a head',
      fix: 'Pass a checkpoint of the backbone that the recipe builds on',
    });
  const config = architecture.configure({ ...trained.config, ...own.config });
  const model = await underHead(
    { model: own, from },
    new Model(architecture, config, kept, adapters),
  );
  const generator = new Generator(seed).fork('weights');
  return { model, weights: headWeights(model, weights, generator) };
}
