import { join } from 'node:path';
import { fit, loadWeights, plainPreprocessing, saveModel } from '@kcr/core';
import { isCheckpoint } from '../load-checkpoint.ts';
import { recipeModel } from '../recipes/recipe-model.ts';
import { defineStage } from './stage.ts';
import { runTraining } from './training.ts';

/** The whole model, or none where a recipe trains none and no weights are given. */
export interface DenseModel {
  /** Its checkpoint. */
  readonly directory: string;
}

/** Trains the dense model, or takes its weights from elsewhere, into the folder `dense` of the run. */
export const denseStage = defineStage<void, DenseModel | undefined>({
  name: 'dense',
  async run(_, context) {
    const { recipe, weights, data } = context;
    const { model } = await recipeModel(recipe);
    const directory = join(context.directory, 'dense');
    if (weights) {
      const path = isCheckpoint(weights) ? join(weights, 'model.safetensors') : weights;
      const { classes, shape } = data.train;
      const input = data.test.input ?? plainPreprocessing(shape);
      await saveModel(directory, model, await loadWeights(model, path), { classes, input });
      return { directory };
    }
    if (!recipe.dense) return undefined;
    await runTraining({ stage: 'dense', model, settings: recipe.dense }, context, fit);
    return { directory };
  },
});
