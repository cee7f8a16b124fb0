import { join } from 'node:path';
import { type Kept, saveModel } from '@kcr/core';
import type { Part } from '../modules.ts';
import { controls } from '../pruning/controls.ts';
import { wholeModel } from '../recipes/recipe-model.ts';
import { folderOf } from '../report/run-analysis.ts';
import type { RunModel } from './analyse.ts';
import { type CompactModel, compactModel } from './compact-model.ts';
import { byFirst } from './first-process.ts';
import { inheritedWeights } from './inherited-weights.ts';
import { modelInfo } from './model-info.ts';
import { retrainStage } from './retrain.ts';
import type { StageContext } from './stage.ts';

/** The recipe's model with some channels, and the weights that the recipe has it start from. */
export async function inheritingModel(kept: Kept, context: StageContext): Promise<CompactModel> {
  const { recipe } = context;
  const whole = await wholeModel(recipe);
  return compactModel(recipe, kept, await inheritedWeights(recipe.retrain.initial, whole, context));
}

/**
 * Trains a run's compact model, with the recipe's plugins and with those of its ablations, and the recipe's controls. One that
 * inherits weights is also kept as it is before that: what the choice of its channels alone has cost.
 *
 * @returns the models that there are now, in the order in which they are shown
 */
export async function trainCompact(
  compact: CompactModel,
  context: StageContext,
): Promise<RunModel[]> {
  const { recipe, backbone, seed, directory, data } = context;
  const models: RunModel[] = [];

  async function keep(name: string, { model, weights }: CompactModel): Promise<void> {
    if (!weights || backbone) return;
    // The stage that prunes a trained model has written its own.
    const folder = join(directory, folderOf(name));
    if (!recipe.prune)
      await byFirst(context, () => saveModel(folder, model, weights, modelInfo(data)));
    models.push({ name, trained: false });
  }

  async function train(name: string, model: CompactModel, plugins?: readonly Part[]) {
    await retrainStage.run({ compact: model, stage: folderOf(name), plugins }, context);
    models.push({ name, trained: true });
  }

  await keep('pruned', compact);
  await train('compact', compact);
  for (const [name, plugins] of Object.entries(recipe.ablations))
    await train(name, compact, plugins);
  for (const name of recipe.controls) {
    const kept = controls[name](await wholeModel(recipe), compact.model.kept, seed);
    const other = await inheritingModel(kept, context);
    await keep(`${name}Pruned`, other);
    await train(name, other);
  }
  return models;
}
