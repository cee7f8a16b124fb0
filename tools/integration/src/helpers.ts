import {
  adapt,
  createEagerEngine,
  type Engine,
  Generator,
  Model,
  type NdArray,
  type StateDict,
  sizeOf,
} from '@kcr/core';
import { qkMask } from '@kcr/masks';
import { createOnnxEngine } from '@kcr/onnx';
import { smallModels as families, labelledImages } from '@kcr/testing';

/** A small model of every family. Tests over models run over this table. */
export const smallModels: Readonly<Record<string, () => Model>> = families;

/** EfficientViT with images of a size, a multiple of 16. */
export function smallEfficientVit(img_size: number): () => Model {
  return () => {
    const { architecture, config } = families.efficientvit();
    return new Model(architecture, architecture.configure({ ...config, img_size }));
  };
}

/** A model with a mask of its attention's q and k. */
export const masked = (make: () => Model) => () => adapt(make(), [qkMask({ initial: 0.5 })]);

/** The models of {@link smallModels}, each with a mask of its attention's q and k. */
export const maskedModels: Readonly<Record<string, () => Model>> = Object.fromEntries(
  Object.entries(smallModels).map(([name, make]) => [`${name} with a q/k mask`, masked(make)]),
);

export const engines: Readonly<Record<string, () => Promise<Engine>>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

/** All pairs of two tables, for `test.each`. */
export const pairs = <A, B>(
  a: Readonly<Record<string, A>>,
  b: Readonly<Record<string, B>>,
): [string, string, A, B][] =>
  Object.entries(a).flatMap(([nameA, valueA]) =>
    Object.entries(b).map(([nameB, valueB]): [string, string, A, B] => [
      nameA,
      nameB,
      valueA,
      valueB,
    ]),
  );

/** Normal numbers of a shape. */
export function noise(shape: readonly number[], seed: number): NdArray {
  const generator = new Generator(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { dtype: 'float32', shape, data: new Float32Array(size).map(() => generator.normal()) };
}

/** Weights that are large enough for every channel and token to matter. */
export function largeWeights(model: Model): StateDict {
  const weights = model.initialize(new Generator(3));
  for (const { shape, data, dtype } of Object.values(weights))
    if (shape.length > 1 && dtype === 'float32')
      data.set(noise(shape, sizeOf(shape)).data.map((x) => x / sizeOf(shape.slice(1)) ** 0.5));
  return weights;
}

/** Images whose class shows in their brightness, made from a seed. */
export const syntheticData = labelledImages;

/** Largest |a - b|. */
export function maxDifference(a: NdArray, b: NdArray): number {
  return Array.from(a.data).reduce((most, x, i) => Math.max(most, Math.abs(x - b.data[i]!)), 0);
}

/** Options of a run of two epochs of three steps. */
export const shortRun = (model: Model) => ({
  model,
  train: syntheticData(model, 24),
  epochs: 2,
  batchSize: 8,
  seed: 1,
  // Where a gradient is zero but for rounding (a bias before a batch norm), AdamW would make a step of it.
  optimizer: { lr: 1e-3, eps: 1e-3 },
});
