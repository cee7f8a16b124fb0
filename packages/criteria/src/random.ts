import { defineCriterion } from '@kcr/core';

/** Uniform scores: what any other criterion should beat. */
export const random = defineCriterion({
  name: 'random',
  about: 'drawn from the seed: what others are measured against',
  contract: 1,
  score:
    (_: object) =>
    ({ model, generator }) => {
      const prunable = [...model.dims.values()].filter((dim) => dim.prunable);
      return new Map(
        prunable.map((dim) => [dim.name, generator.fork(dim.name).array(dim.size, 'uniform')]),
      );
    },
});
