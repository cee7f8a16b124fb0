import {
  type Criterion,
  type Dataset,
  Generator,
  type Kept,
  type Model,
  type PrunedModel,
  prunableDims,
  prune,
  pruneState,
  type Scores,
  scoreChannels,
  selectCounts,
  selectWithin,
} from '@kcr/core';
import type { Lab } from './lab.ts';

/** The share of the MACs that a model has with a share of the channels of each dimension of some roles. */
export function macsAt(model: Model, roles: readonly string[], level: number): number {
  const even = new Map(
    prunableDims(model, roles).map(({ name, size }) => [name, new Float64Array(size)]),
  );
  const kept = selectCounts(model, even, ({ size }) => level * size);
  return prune(model, kept).macs.total / model.macs.total;
}

/** How channels are scored. */
interface Scoring {
  readonly criterion: Criterion;
  readonly roles: readonly string[];
  readonly seed: number;
  /** On which images. Default: those to train on, unchanged. */
  readonly data?: Dataset;
}

/** A criterion's scores of a dense model's channels. */
export async function scoresOf(
  lab: Lab,
  dense: PrunedModel,
  { criterion, roles, seed, data }: Scoring,
): Promise<Scores> {
  const images = data ?? (await lab.data(dense.model)).train;
  const generator = new Generator(seed).fork(criterion.name);
  const dims = prunableDims(dense.model, roles).map(({ name }) => name);
  return lab.withEngine((engine) =>
    scoreChannels(criterion, { ...dense, engine, data: images, batchSize: 50, generator }, dims),
  );
}

/** The best channels within a share of the MACs. */
export const bestWithin = (model: Model, scores: Scores, share: number): Promise<Kept> =>
  selectWithin(model, scores, ({ macs }) => macs.total, share * model.macs.total);

/** A model with its weights, with some of its channels alone. */
export function prunedTo({ model, weights }: PrunedModel, kept: Kept): PrunedModel {
  const compact = prune(model, kept);
  return { model: compact, weights: pruneState(model, compact, weights) };
}
