import { vit } from '@kcr/backbones';
import {
  type Architecture,
  type Batch,
  type Dim,
  float32,
  Generator,
  int32,
  Model,
  prune,
  selectShare,
} from '@kcr/core';

/** The models of the benchmark, under the names of its tables. */
export const models = {
  a: {
    batch: 64,
    config: {
      img_size: 32,
      patch_size: 4,
      embed_dim: 192,
      depth: 6,
      num_heads: 3,
      num_classes: 10,
    },
  },
  b: { batch: 8, config: { embed_dim: 192, num_heads: 3 } },
} as const;
export type ModelName = keyof typeof models;

export const makeModel = (name: ModelName): Model =>
  new Model(vit as Architecture, vit.configure(models[name].config));

/** The model with this share of its channels of one role, chosen at random. */
export function shrink(model: Model, role: string, ratio: number): Model {
  const generator = new Generator(1);
  const dims = [...model.dims.values()].filter((dim) => dim.role === role);
  const random = (dim: Dim) => Array.from({ length: dim.size }, () => generator.uniform());
  const scores = new Map(dims.map((dim) => [dim.name, random(dim)]));
  return prune(model, selectShare(model, scores, ratio));
}

/** A batch of random images. */
export function randomBatch(model: Model, size: number): Batch {
  const generator = new Generator(2);
  const shape = [size, ...model.inputShape];
  const pixels = Array.from({ length: shape.reduce((a, b) => a * b) }, () => generator.normal());
  const labels = Array.from({ length: size }, () => generator.integer(model.classes));
  return { image: float32(shape, pixels), label: int32([size], labels) };
}
