import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  fit,
  KcrError,
  loadWeights,
  type Model,
  requireSameRun,
  runIdentity,
  saveModel,
  trainingFile,
} from '@kcr/core';
import { isCheckpoint } from '../load-checkpoint.ts';
import { recipeModel } from '../recipes/recipe-model.ts';
import { readSealed, writeSealed } from '../sealed-file.ts';
import { versionsOf } from '../versions.ts';
import { modelInfo } from './model-info.ts';
import { defineStage, type StageContext } from './stage.ts';
import { runTraining } from './training.ts';

/** The whole model, or none where a recipe trains none and no weights are given. */
export interface DenseModel {
  /** Its checkpoint. */
  readonly directory: string;
}

/** What says whose weights the folder has, where it was not trained there. */
const GIVEN = 'weights.json';

const taken = (where: string, found: string) =>
  new KcrError('OUT_EXISTS', { where, found, fix: 'Choose another output folder' });

/** Saves weights from elsewhere as the dense model. @throws KcrError `RESUME_MISMATCH`, `OUT_EXISTS`, and those of reading them */
async function takeWeights(
  weights: string,
  model: Model,
  { data, directory: run }: StageContext,
): Promise<void> {
  const directory = join(run, 'dense');
  const path = isCheckpoint(weights) ? join(weights, 'model.safetensors') : weights;
  const info = modelInfo(data);
  const given = await loadWeights(model, path);
  const identity = await runIdentity({
    stage: 'dense',
    model,
    data: {},
    weights: { given },
    extensions: [],
    versions: await versionsOf([model], {}),
    options: info,
  });
  if (existsSync(trainingFile(directory))) throw taken(directory, 'a model that was trained there');
  const file = join(directory, GIVEN);
  const saved = await readSealed(file);
  if (saved) requireSameRun(file, saved.identity ?? {}, identity);
  else await writeSealed(file, { identity });
  await saveModel(directory, model, given, info);
}

/** Trains the dense model, or takes its weights from elsewhere, into the folder `dense` of the run. */
export const denseStage = defineStage<void, DenseModel | undefined>({
  name: 'dense',
  async run(_, context) {
    const { recipe, weights } = context;
    const { model } = await recipeModel(recipe);
    const directory = join(context.directory, 'dense');
    if (weights) {
      if (resolve(weights) !== resolve(directory)) await takeWeights(weights, model, context);
      return { directory };
    }
    if (!recipe.dense) return undefined;
    if (existsSync(join(directory, GIVEN))) throw taken(directory, 'weights from elsewhere');
    await runTraining({ stage: 'dense', model, settings: recipe.dense }, context, fit);
    return { directory };
  },
});
