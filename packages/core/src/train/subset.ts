import type { Dataset } from '../model/batch.ts';
import { valuesDigest } from './run-identity.ts';

/** A part of a data set, by index. */
export function subset(dataset: Dataset, indices: Int32Array): Dataset {
  const { classes, shape, input } = dataset;
  const through = (at: Int32Array) => at.map((i) => indices[i]!);
  return {
    length: indices.length,
    classes,
    shape,
    input,
    labels: indices.map((i) => dataset.labels[i]!),
    async identity() {
      const whole: { subset?: readonly string[] } = (await dataset.identity?.()) ?? {};
      return { ...whole, subset: [...(whole.subset ?? []), valuesDigest(indices)] };
    },
    batch: (at, augment) => dataset.batch(through(at), augment),
  };
}
