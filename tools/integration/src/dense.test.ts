import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { architectures } from '@kcr/backbones';
import {
  type Batch,
  compileInference,
  definePlugin,
  fit,
  float32,
  Generator,
  graphMacs,
  type ImageSet,
  int32,
  type LossContext,
  loadModel,
  Model,
  plainPreprocessing,
  prune,
  pruneState,
  type Scores,
  saveModel,
  selectCounts,
  taskOf,
  tf,
  trace,
} from '@kcr/core';
import { heads, headWeights, withHead } from '@kcr/detect';
import { describe, expect, test } from 'vitest';
import {
  engines,
  largeWeights,
  maskBy,
  maxDifference,
  noise,
  pairs,
  smallModels,
} from './helpers.ts';
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
  const whole = () => build(head, smallModels.swin!());

  test('both engines train it alike, and eagerly without leaks', async () => {
    const model = whole();
    const losses: number[][] = [];
    for (const make of Object.values(engines)) {
      const engine = await make();
      const before = tf.memory().numTensors;
      const { history } = await fit({ ...run(model), engine });
      losses.push(history.map((record) => record.loss!));
      await engine.dispose();
      expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
    }
    expect(Math.abs(losses[0]![0]! - losses[1]![0]!)).toBeLessThan(2e-3 * losses[0]![0]!);
  });

  test.each(Object.entries(engines))('pruned = masked on %s', async (_, makeEngine) => {
    const model = whole();
    const weights = largeWeights(model);
    const dims = [...model.dims.values()].filter(({ prunable }) => prunable);
    expect(dims.some(({ name }) => !name.startsWith('backbone.'))).toBe(true);
    const generator = new Generator(17);
    const scores: Scores = new Map(
      dims.map((dim) => [dim.name, Array.from({ length: dim.size }, () => generator.uniform())]),
    );
    const selection = selectCounts(model, scores, (dim) => 0.5 * dim.size);
    const pruned = prune(model, selection);
    const engine = await makeEngine();
    const image = noise([2, ...model.inputShape], 5);
    engine.set(weights);
    const masked = await compileInference(engine, model, { tap: maskBy(selection) })({ image });
    engine.set(pruneState(model, pruned, weights));
    const actual = await compileInference(engine, pruned)({ image });
    for (const [name, value] of Object.entries(masked))
      expect(maxDifference(actual[name]!, value), name).toBeLessThan(2e-3);
    await engine.dispose();
  });

  test('it saves and loads', async () => {
    const model = whole();
    const weights = largeWeights(model);
    const directory = await mkdtemp(`${tmpdir()}/kcr-heads-`);
    const classes = Array.from({ length: model.classes }, (_, i) => `class ${i}`);
    const preprocessing = plainPreprocessing(model.inputShape);
    await saveModel(directory, model, weights, { classes, input: preprocessing });
    const loaded = await loadModel(directory, {
      architecture: (_module, name) => architectures[name]!,
      head: (_module, name) => heads[name]!,
      adapter: () => {
        throw new Error('it has none');
      },
    });
    await rm(directory, { recursive: true });
    expect(loaded.model.config).toEqual(model.config);
    const image = noise([1, ...model.inputShape], 5);
    const engine = await engines.onnx!();
    const results = [];
    for (const given of [{ model, weights }, loaded]) {
      engine.set(given.weights);
      results.push(await compileInference(engine, given.model)({ image }));
    }
    await engine.dispose();
    expect(results[1]).toEqual(results[0]);
  });

  test('images without objects, or without pixels that count, are no trouble', async () => {
    const model = whole();
    const data = headData(model, [-1, -1, -1]);
    const batch = await data.batch(Int32Array.of(0, 1));
    const empty = {
      ...batch,
      labels: { ...batch.labels!, data: batch.labels!.data.map(() => -1) },
    };
    const engine = await engines.onnx!();
    const train = { ...data, batch: async () => empty };
    const { history } = await fit({ ...run(model), train, engine });
    expect(history[0]!.loss).toBeGreaterThanOrEqual(0);
    await engine.dispose();
  });

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

test.each(['upernet', 'ssdlite'])('counted MACs of %s are the traced ones', (head) => {
  const model = build(head, smallModels.swin!());
  const traced = graphMacs(
    trace(({ input }) => {
      const state = new Map(model.params.map((p) => [p.name, input(p.name, p.shape)]));
      const x = input('image', [1, ...model.inputShape]);
      const { logits, results } = model.apply(x, { state: (name) => state.get(name)! });
      return { logits, ...results };
    }),
  );
  expect(model.macs.total).toBe(traced);
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
