import { type PrunedModel, search } from '@kcr/core';
import { gumbelMasks } from '@kcr/masks';
import type { Lab } from './lab.ts';

/** Epochs of a search. */
export const SEARCH_EPOCHS = 12;

/** What is searched. */
export interface Searching {
  /** Of the dimensions that have masks. */
  readonly roles: readonly string[];
  /** Of the dense model's MACs, to keep. */
  readonly share: number;
  readonly seed: number;
}

/**
 * A search on the frozen weights of a dense model, for a share of its MACs that it meets by dual ascent.
 *
 * @returns the channels, the alphas after the last epoch, and the share that their signs alone come to
 */
export async function searched(lab: Lab, dense: PrunedModel, { roles, share, seed }: Searching) {
  const masks = gumbelMasks({
    dims: roles,
    lambda: 'dual',
    budget: share,
    // As the recipes: about where the masks cost what the budget allows.
    initial: 0.1,
    temperature: { start: 1, end: 0.3 },
  });
  const { train } = await lab.data(dense.model);
  const { kept, history, snapshots } = await lab.withEngine((engine) =>
    search({
      model: dense.model,
      engine,
      train,
      epochs: SEARCH_EPOCHS,
      batchSize: 50,
      seed,
      optimizer: { lr: 0 },
      architectureOptimizer: { lr: 5e-2, minLr: 1e-2 },
      freezeWeights: true,
      initial: dense.weights,
      plugins: [masks],
      onWarning: (message) => process.stderr.write(`${message}\n`),
    }),
  );
  const alphas = new Map(
    Object.entries(snapshots).map(([name, { shape, data }]) => [
      name.slice(masks.name.length + 1),
      Float32Array.from(data.subarray(data.length - shape[1]!)),
    ]),
  );
  const { macsRatio: decided, lambda } = history.at(-1)!;
  return { kept, alphas, decided: decided!, lambda: lambda! };
}
