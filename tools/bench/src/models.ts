import { createModel } from '@kcr/backbones';
import {
  type Batch,
  classification,
  type Dataset,
  type Dim,
  float32,
  Generator,
  int32,
  type LabelledBatch,
  type Model,
  type NdArray,
  prune,
  selectCounts,
  sizeOf,
  taskOf,
} from '@kcr/core';
import { evit, tome } from '@kcr/criteria';
import { maskRcnn, semanticSegmentation, upernet, withHead } from '@kcr/detect';
import { lfe } from '@kcr/lfc';

/** The backbone of the recipes for nuclei. */
const smallSwin = () =>
  createModel('swin_tiny_patch4_window7_224', {
    img_size: 256,
    window_size: 8,
    embed_dim: 32,
    depths: [2, 2, 2, 2],
    num_heads: [2, 4, 8, 16],
  });

/** The models of the benchmark, under the names of its tables, with the batch of a training step. */
export const models = {
  a: {
    batch: 64,
    make: () =>
      createModel('vit_tiny_patch16_224', {
        img_size: 32,
        patch_size: 4,
        depth: 6,
        num_classes: 10,
      }),
  },
  b: { batch: 8, make: () => createModel('deit_tiny_patch16_224') },
  mobilevit_s: { batch: 4, make: () => createModel('mobilevit_s') },
  'mobilevit, 64 px': {
    batch: 64,
    make: () =>
      createModel('mobilevit_xxs', {
        img_size: 64,
        num_classes: 10,
        channels: [16, 32, 48, 64],
        depths: [1, 1, 1, 1],
        transformer_dims: [0, 0, 80, 96],
        transformer_depths: [0, 0, 2, 3],
        num_features: 192,
      }),
  },
  swin_tiny_patch4_window7_224: {
    batch: 4,
    make: () => createModel('swin_tiny_patch4_window7_224'),
  },
  upernet: {
    batch: 4,
    make: () =>
      withHead(upernet, smallSwin(), { num_classes: 2, channels: 48, auxiliary_channels: 32 }),
  },
  mask_rcnn: {
    batch: 2,
    make: () =>
      withHead(maskRcnn, smallSwin(), {
        num_classes: 1,
        out_channels: 64,
        fc_out_channels: 256,
        anchor_scale: 4,
        rpn_nms_pre: 400,
        rpn_max_per_img: 300,
        rcnn_num: 128,
      }),
  },
} as const;
export type ModelName = keyof typeof models;

/** Ways to take tokens out of a ViT of 12 blocks, by the names of the table. */
export const tokenMethods = {
  LFE: () => lfe({ keepRatio: 0.7, blocks: [3, 6, 9] }),
  'LFE, over the map': () => lfe({ keepRatio: 0.7, blocks: [3, 6, 9], form: 'map' }),
  "LFE, the code's form": () => lfe({ keepRatio: 0.7, blocks: [3, 6, 9], form: 'code' }),
  EViT: () => evit({ keepRatio: 0.7, blocks: [3, 6, 9] }),
  ToMe: () => tome({ r: 13 }),
};
export type TokenMethod = keyof typeof tokenMethods;

export const makeModel = (name: ModelName): Model => models[name].make();

/** Convolution layers, forward and backward, by the names of the table. Batch 4, [size, size, channels]. */
export const layers = {
  'regular 3x3': { kernel: 3, size: 32, channels: [192, 96] },
  'regular 3x3, stride 2': { kernel: 3, stride: 2, size: 64, channels: [64, 96] },
  pointwise: { kernel: 1, size: 64, channels: [64, 256] },
  'depthwise 3x3': { kernel: 3, depthwise: true, size: 64, channels: [256, 256] },
  'depthwise 3x3, stride 2': {
    kernel: 3,
    stride: 2,
    depthwise: true,
    size: 64,
    channels: [256, 256],
  },
} as const;
export type LayerName = keyof typeof layers;

/** The model with this share of its channels of one role, chosen at random. */
export function shrink(model: Model, role: string, ratio: number): Model {
  const generator = new Generator(1);
  const dims = [...model.dims.values()].filter((dim) => dim.role === role);
  const random = (dim: Dim) => Array.from({ length: dim.size }, () => generator.uniform());
  const scores = new Map(dims.map((dim) => [dim.name, random(dim)]));
  return prune(
    model,
    selectCounts(model, scores, (dim) => ratio * dim.size),
  );
}

const OBJECTS = 30;

/** A class for each pixel, or some boxes whose objects fill them. */
function headTargets(model: Model, size: number, generator: Generator): Record<string, NdArray> {
  const [height, width] = model.inputShape;
  if (taskOf(model) === semanticSegmentation) {
    const classes = Int32Array.from({ length: size * height * width }, () =>
      generator.integer(model.classes),
    );
    return { labels: int32([size, height, width], classes) };
  }
  const places = [size, OBJECTS] as const;
  const boxes = Array.from({ length: size * OBJECTS }, () => {
    const [x, y] = [(width - 40) * generator.uniform(), (height - 40) * generator.uniform()];
    return [x, y, x + 12 + 24 * generator.uniform(), y + 12 + 24 * generator.uniform()];
  });
  return {
    boxes: float32([...places, 4], boxes.flat()),
    labels: int32(places, new Int32Array(size * OBJECTS)),
    masks: float32([...places, 56, 56], 1),
  };
}

/** A batch of random images. */
export function randomBatch(model: Model, size: number): Batch {
  const generator = new Generator(2);
  const shape = [size, ...model.inputShape];
  const pixels = Array.from({ length: sizeOf(shape) }, () => generator.normal());
  if (taskOf(model) !== classification)
    return { image: float32(shape, pixels), ...headTargets(model, size, generator) };
  const labels = Array.from({ length: size }, () => generator.integer(model.classes));
  return { image: float32(shape, pixels), label: int32([size], labels) };
}

/** Random images of random classes, ready in memory. */
export function randomDataset(model: Model, length: number): Dataset {
  const classes = Array.from({ length: model.classes }, (_, i) => `class ${i}`);
  const labels = Int32Array.from({ length }, (_, i) => i % model.classes);
  return {
    length,
    labels,
    classes,
    shape: model.inputShape,
    batch: async (indices) => randomBatch(model, indices.length) as LabelledBatch,
  };
}
