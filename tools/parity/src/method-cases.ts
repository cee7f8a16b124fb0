import { createModel } from '@kcr/backbones';
import { type Dataset, float32, int32, type Model, type StateDict } from '@kcr/core';
import file from '../fixtures/methods.json' with { type: 'json' };

/** What `make_method_cases.py` says. */
export const cases = file;

/** The tiny ViT of the cases. */
export const model: Model = createModel('vit_base_patch16_224', file.config);

const valuesOf: Readonly<Record<string, readonly number[]>> = file.weights;

export const weights: StateDict = Object.fromEntries(
  model.params.map(({ name, shape }) => [name, float32(shape, valuesOf[name]!)]),
);

const [height, width, channels] = model.inputShape as [number, number, number];
const pixels = height * width * channels;

/** All images, [images, height, width, channels]. */
export const images = float32([file.labels.length, height, width, channels], file.images);

export const data: Dataset = {
  length: file.labels.length,
  shape: model.inputShape,
  labels: Int32Array.from(file.labels),
  classes: ['a', 'b', 'c'],
  batch: async (indices) => ({
    image: float32(
      [indices.length, height, width, channels],
      [...indices].flatMap((i) => file.images.slice(i * pixels, (i + 1) * pixels)),
    ),
    label: int32(
      [indices.length],
      indices.map((i) => file.labels[i]!),
    ),
  }),
};

/** The largest difference, by the largest value that is expected. */
export function relativeError(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...expected.map(Math.abs));
  return Math.max(...expected.map((x, i) => Math.abs(x - found[i]!))) / largest;
}

/** {@link relativeError} of each of what is expected. */
export const errorsOf = (
  found: ReadonlyMap<string, ArrayLike<number>>,
  expected: Readonly<Record<string, readonly number[]>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(expected).map(([name, values]) => [
      name,
      relativeError(found.get(name) ?? [], values),
    ]),
  );
