import type { RecipeInput } from './recipe.ts';

type SearchInput = NonNullable<RecipeInput['search']>;

/**
 * A search on the weights of the dense model, which stay as they are: beside masks, weights that are trained make up for them, and
 * the order of the alphas then says nothing of the dense model's channels. The alphas can move by some 11, and the signs of them meet the share
 * of the MACs: they start about where the masks cost what the budget allows, so that from the first step on what tells them apart
 * is what each channel is worth. From 2 all would fall together, by the cost alone.
 *
 * @param training how the images are shown; 12 epochs unless it says otherwise
 * @param budget share of the MACs that the compact model may have
 * @param options of the masks, where they differ
 */
export const searchOnDense = (
  training: Pick<SearchInput, 'batchSize' | 'optimizer'> & Partial<SearchInput>,
  budget: number,
  options: object = {},
): SearchInput => ({
  ...training,
  epochs: training.epochs ?? 12,
  emaDecay: undefined,
  initial: 'dense',
  freezeWeights: true,
  architectureOptimizer: { lr: 5e-2, minLr: 1e-2 },
  plugins: [
    {
      use: '@kcr/masks#gumbelMasks',
      options: {
        dims: ['io'],
        lambda: 'dual',
        budget,
        initial: 0.1,
        temperature: { start: 1, end: 0.3 },
        ...options,
      },
    },
  ],
});
