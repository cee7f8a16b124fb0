import { type Model, prunableDims, prune, selectCounts } from '@kcr/core';

/** The share of the MACs that a model has with a share of the channels of each searched dimension. */
export function macsAt(model: Model, level: number): number {
  const even = new Map(
    prunableDims(model, ['io']).map(({ name, size }) => [name, new Float64Array(size)]),
  );
  const kept = selectCounts(model, even, ({ size }) => level * size);
  return prune(model, kept).macs.total / model.macs.total;
}
