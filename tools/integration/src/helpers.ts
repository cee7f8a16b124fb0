import { efficientvit, lvvit, mobilevit, swin, vit } from '@kcr/backbones';
import {
  type ApplyOptions,
  type Architecture,
  adapt,
  createEagerEngine,
  type Dataset,
  type Engine,
  Generator,
  type Kept,
  Model,
  type NdArray,
  type StateDict,
  sizeOf,
  tf,
} from '@kcr/core';
import { qkMask } from '@kcr/masks';
import { createOnnxEngine } from '@kcr/onnx';

/** A small model of every family. Tests over models run over this table. */
export const smallModels: Readonly<Record<string, () => Model>> = {
  vit: small(vit, {
    img_size: 8,
    patch_size: 4,
    embed_dim: 12,
    depth: 2,
    num_heads: 3,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  lvvit: small(lvvit, {
    img_size: 16,
    patch_size: 8,
    embed_dim: 12,
    depth: 2,
    num_heads: 3,
    stem_dim: 8,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  // Windows of 3 on a grid of 8 reach over the border.
  swin: small(swin, {
    img_size: 16,
    patch_size: 2,
    embed_dim: 12,
    depths: [2, 1],
    num_heads: [2, 4],
    window_size: 3,
    num_classes: 4,
    drop_rate: 0.1,
  }),
  // Its last map is odd, so that the patches need an interpolation.
  mobilevit: small(mobilevit, {
    img_size: 24,
    stem_chs: 8,
    channels: [8, 12, 16],
    depths: [1, 2, 1],
    bottle_ratio: 2,
    transformer_dims: [0, 0, 8],
    transformer_depths: [0, 0, 1],
    num_heads: 2,
    num_features: 20,
    num_classes: 4,
    drop_path_rate: 0.2,
  }),
  // Its last stage alone attends: to 2 x 2 tokens, in a plain branch and two aggregated ones.
  efficientvit: smallEfficientVit(32),
};

function small<C extends object>(architecture: Architecture<C>, config: Partial<C>) {
  return () => new Model(architecture, architecture.configure(config));
}

/** EfficientViT with images of a size, a multiple of 16. */
export function smallEfficientVit(img_size: number) {
  return small(efficientvit, {
    img_size,
    widths: [4, 6, 8, 12],
    depths: [1, 2, 1, 1],
    head_dim: 6,
    expand_ratio: 2,
    scales: [3, 5],
    head_widths: [16, 20],
    num_classes: 4,
  });
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
export function syntheticData(model: Model, length: number, seed = 1): Dataset {
  const shape = model.inputShape;
  const size = shape[0] * shape[1] * shape[2];
  const labels = Int32Array.from({ length }, (_, i) => i % model.classes);
  return {
    length,
    shape,
    labels,
    classes: Array.from({ length: model.classes }, (_, i) => `class ${i}`),
    async batch(indices, augment) {
      const data = new Float32Array(indices.length * size);
      indices.forEach((index, n) => {
        const generator = new Generator(seed).fork(String(index));
        const shift = labels[index]! - model.classes / 2 + (augment ? 0.1 * augment.normal() : 0);
        for (let i = 0; i < size; i++) data[n * size + i] = shift + generator.normal();
      });
      return {
        image: { dtype: 'float32', shape: [indices.length, ...shape], data },
        label: { dtype: 'int32', shape: [indices.length], data: indices.map((i) => labels[i]!) },
      };
    },
  };
}

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

/** Multiplies every tapped value by 1 where its channel is kept, else by 0. */
export const maskBy =
  (selection: Kept): ApplyOptions['tap'] =>
  (value, { dim }) => {
    const kept = dim && selection[dim.name];
    if (!kept) return value;
    const mask = Array.from({ length: dim.size }, (_, i) => (kept.includes(i) ? 1 : 0));
    return tf.mul(value, tf.concat(mask.map((bit) => tf.fill([1], bit))));
  };
