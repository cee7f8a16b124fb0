import { type Kept, type Model, prunableDims, prune, selectCounts } from '@kcr/core';
import { randomScores } from '../values.ts';

/** Channels of every prunable dimension at random; heads stay aligned. */
export const randomSelection = (model: Model, ratio: number): Kept =>
  selectCounts(model, randomScores(prunableDimsOf(model)), (dim) => ratio * dim.size);

/** The dimensions that may be pruned; there may be none. */
export const prunableDimsOf = (model: Model) =>
  [...model.dims.values()].some(({ prunable }) => prunable) ? prunableDims(model) : [];

/** The model with half of its channels; itself where none can go. */
export const halfOf = (model: Model): Model => prune(model, randomSelection(model, 0.5));

/** All heads but the first of each attention layer. */
export const withoutFirstHeads = (model: Model): Kept =>
  Object.fromEntries(
    prunableDimsOf(model)
      .filter(({ groups }) => groups > 1)
      .map((dim) => [dim.name, [...Array(dim.size).keys()].slice(dim.size / dim.groups)]),
  );
