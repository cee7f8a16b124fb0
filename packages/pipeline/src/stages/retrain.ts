import { type FitResult, fit } from '@kcr/core';
import type { Part } from '../modules.ts';
import type { CompactModel } from './compact-model.ts';
import { defineStage } from './stage.ts';
import { teaching } from './teaching.ts';
import { runTraining } from './training.ts';

/** What is trained again. */
export interface Retraining {
  readonly compact: CompactModel;
  /** Name of the training and of its folder. Default `compact`. */
  readonly stage?: string;
  /** Instead of those of the recipe. */
  readonly plugins?: readonly Part[];
}

/** Trains the compact model, from scratch or from its weights. */
export const retrainStage = defineStage<Retraining, FitResult>({
  name: 'compact',
  async run({ compact, stage = 'compact', plugins }, context) {
    const { initial: _, ...retrain } = context.recipe.retrain;
    const settings = { ...retrain, plugins: plugins ? [...plugins] : retrain.plugins };
    const training = { stage, model: compact.model, settings, ...(await teaching(context)) };
    return runTraining(training, context, (options) =>
      fit({ ...options, initial: compact.weights }),
    );
  },
});
