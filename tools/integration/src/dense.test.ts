import {
  type Batch,
  definePlugin,
  fit,
  float32,
  Generator,
  type ImageSet,
  int32,
  type LossContext,
  Model,
  prune,
  pruneState,
  taskOf,
  tf,
} from '@kcr/core';
import { heads, headWeights, withHead } from '@kcr/detect';
import { describe, expect, test } from 'vitest';
import { engines, largeWeights, noise, pairs, smallModels } from './helpers.ts';
import { smallHeads } from './small-heads.ts';

const build = (head: string, backbone: Model): Model =>
  withHead(heads[head]!, backbone, smallHeads[head]);

test('every head is in the table', () => {
  expect(Object.keys(smallHeads).sort()).toEqual(Object.keys(heads).sort());
});

/** Random images with two objects each (or none), or a class for each pixel. */
function headData(model: Model, found = [0, 1, -1]): ImageSet {
  const length = 4;
  const [height, width] = model.inputShape;
  const places = 3;
  const objects = (n: number): Omit<Batch, 'image'> => ({
    boxes: float32(
      [n, places, 4],
      Array.from({ length: n }, () => [
        ...[0, 0, width / 2, height / 2],
        ...[width / 4, height / 4, width, height],
        ...[0, 0, 0, 0],
      ]).flat(),
    ),
    labels: int32([n, places], Array.from({ length: n }, () => found).flat()),
    masks: float32([n, places, 8, 8], 1),
  });
  const pixels = (n: number): Omit<Batch, 'image'> => ({
    labels: int32(
      [n, height, width],
      Array.from({ length: n * height * width }, (_, i) => (i % 7 === 0 ? 255 : i % 3)),
    ),
  });
  const known = taskOf(model).name === 'semantic segmentation' ? pixels : objects;
  return {
    length,
    shape: model.inputShape,
    classes: Array.from({ length: model.classes }, (_, i) => `class ${i}`),
    batch: async (indices) => ({
      image: noise([indices.length, ...model.inputShape], indices[0]!),
      ...known(indices.length),
    }),
  };
}

const run = (model: Model, epochs = 1) => ({
  model,
  train: headData(model),
  epochs,
  batchSize: 2,
  seed: 3,
  optimizer: { lr: 1e-3, eps: 1e-3 },
});

describe.each(pairs(smallHeads, smallModels))('%s on %s', (head, _name, _options, makeBackbone) => {
  test('a training step is one graph, and every loss is a number above 0', async () => {
    const model = build(head, makeBackbone());
    const engine = await engines.onnx!();
    const { history } = await fit({ ...run(model), engine });
    const { epoch: _, lr: __, seconds: ___, ...losses } = history[0]!;
    expect(Object.keys(losses).length).toBeGreaterThan(2);
    for (const [name, loss] of Object.entries(losses)) expect(loss, name).toBeGreaterThan(0);
    await engine.dispose();
  });
});

describe.each(Object.keys(smallHeads))('%s', (head) => {
  test('it takes a pruned backbone with its weights', () => {
    const backbone = smallModels.swin!();
    const name = 'layers.0.blocks.0.mlp.io';
    const pruned = prune(backbone, { [name]: [0, 2, 3] });
    const weights = pruneState(backbone, pruned, largeWeights(backbone));
    const model = build(head, pruned);
    expect(model.dims.get(`backbone.${name}`)!.kept).toEqual([0, 2, 3]);
    const state = headWeights(model, weights, new Generator(0));
    const fc1 = 'layers.0.blocks.0.mlp.fc1.weight';
    expect(state[`backbone.${fc1}`]).toBe(weights[fc1]);
    expect(Object.keys(state)).not.toContain('backbone.head.fc.weight');
  });
});

test.each([
  ['loss', ({ targets }: LossContext) => tf.sum(targets)],
  ['refresh', undefined],
])(
  "a plugin's %s that reads classes of images is refused where there are none",
  async (_, loss) => {
    const model = build('upernet', smallModels.swin!());
    const plugin = definePlugin({
      name: 'needs-classes',
      contract: 1,
      attach: () => () => (loss ? { loss } : { refresh: async ({ labels }) => void labels.length }),
    });
    const engine = await engines.onnx!();
    await expect(fit({ ...run(model), engine, plugins: [plugin({})] })).rejects.toThrow(
      expect.objectContaining({ code: 'TASK_CLASSES' }),
    );
    await engine.dispose();
  },
);

test('a backbone without maps is refused', () => {
  const { architecture, config } = smallModels.vit!();
  const headed = heads.upernet!({ ...architecture, stages: undefined });
  const options = headed.configure({ backbone: config });
  expect(() => new Model(headed, options)).toThrow(
    expect.objectContaining({ code: 'BACKBONE_MAPS' }),
  );
});
