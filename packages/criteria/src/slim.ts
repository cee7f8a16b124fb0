import {
  type CriterionContext,
  defineCriterion,
  definePlugin,
  fit,
  type Scores,
  selectCounts,
} from '@kcr/core';
import type { PatchGates } from './patch-gates.ts';
import { attachGates, countsByThreshold, type SlimWeights } from './slim-gates.ts';

export interface SlimGatesOptions extends SlimWeights {
  /** Share of the gates of a kind (attention, hidden, ...) that a search keeps, over all layers. Default 0.5. */
  keepRatio?: number;
}

/**
 * ViT-Slim's gates (Chavan et al. 2022) for a search: every channel is multiplied by a trained factor, first 1, whose
 * L1 norm is added to the loss; the channels with the highest factors are kept, by one threshold for attention and one for
 * the MLPs. A factor below 0 is below all others: the score is not its size.
 */
export const slimGates = definePlugin({
  name: 'slim-gates',
  about: 'trains the gates that ViT-Slim scores by',
  contract: 1,
  attach: (options: SlimGatesOptions) => (run) => {
    const { tap, loss, scores } = attachGates(run, options);
    return {
      tap,
      loss,
      async select() {
        const found = await scores();
        return selectCounts(
          run.model,
          found,
          countsByThreshold(run.model, found, options.keepRatio ?? 0.5),
        );
      },
    };
  },
});

export interface SlimOptions extends SlimWeights {
  /** Epochs of training over the criterion's images; 50 in the paper. Default 5. */
  epochs?: number;
  /** Learning rate of weights and gates; 5e-4 in the paper. Default 1e-3. */
  lr?: number;
}

/**
 * Trains weights and gates together for some epochs, from a model's weights, which stay as they are.
 *
 * @returns gates by dimension, and the patch gates by block where `patches` is given
 * @throws KcrError `DIM_ROLES`, `TOKENS_GRID` for patch gates on a grid, and those of training
 */
export async function trainSlimGates(
  { model, weights, engine, data, batchSize, generator }: CriterionContext,
  { epochs = 5, lr = 1e-3, ...options }: SlimOptions,
): Promise<{ scores: Scores; patches: PatchGates }> {
  let trained: { scores: Scores; patches: PatchGates } = { scores: new Map(), patches: [] };
  const plugin = definePlugin({
    name: 'slim-gates',
    contract: 1,
    attach: () => (run) => {
      const { tap, loss, scores, patches } = attachGates(run, options);
      return {
        tap,
        loss,
        refresh: async () => {
          trained = { scores: await scores(), patches: await patches() };
        },
      };
    },
  })({});
  await fit({
    model,
    engine,
    epochs,
    initial: weights,
    train: data,
    plugins: [plugin],
    batchSize: Math.min(batchSize, data.length),
    seed: generator.fork('slim').seed,
    optimizer: { lr },
  });
  return trained;
}

/** ViT-Slim's gates as a criterion: channels are scored by their trained gates. */
export const slim = defineCriterion({
  name: 'slim',
  about: 'gates that are trained beside the weights (ViT-Slim)',
  contract: 1,
  score: (options: SlimOptions) => async (context) =>
    (await trainSlimGates(context, options)).scores,
});
