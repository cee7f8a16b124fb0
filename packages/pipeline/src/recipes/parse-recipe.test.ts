import { type Dim, prunableDims } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { tinyRecipe } from '../testing/tiny.ts';
import { recipes } from './index.ts';
import { parsePruning, parseRecipe } from './parse-recipe.ts';
import { defineRecipe, type RecipeInput } from './recipe.ts';
import { recipeModel } from './recipe-model.ts';

const training = tinyRecipe.retrain;
const parse = (change: object) => parseRecipe({ ...tinyRecipe, ...change }, 'x');

test('what is left out has its default', async () => {
  expect(await parse({ data: {} })).toEqual({
    name: 'tiny',
    model: tinyRecipe.model,
    data: {
      kind: 'classes',
      root: undefined,
      normalization: undefined,
      options: { train: 'train', test: 'test', augment: [], invalid: 'error' },
    },
    seed: 0,
    adapters: [],
    retrain: { ...training, initial: 'scratch', plugins: [] },
    controls: [],
    distillation: {},
    ablations: {},
    analyses: [],
  });
});

test('pruning is by scores where no method is said', async () => {
  expect(await parsePruning({ allocator: 'macs', budget: 0.5 }, 'prune')).toEqual({
    method: 'scores',
    criterion: { use: '@kcr/lfc#lfs', options: {} },
    dims: ['qk', 'v', 'hidden'],
    images: 2000,
    batchSize: 100,
    allocator: 'macs',
    budget: 0.5,
    align: 1,
    wholeHeads: false,
    schedule: 'one-shot',
    rounds: 5,
  });
  expect(await parsePruning({ method: 'bottom-up-cascade', epsilon: 9.5 }, 'prune')).toEqual({
    method: 'bottom-up-cascade',
    criterion: { use: '@kcr/lfc#lfs', options: {} },
    dims: ['qk', 'v', 'hidden'],
    images: 2000,
    batchSize: 100,
    epsilon: 9.5,
    rho: 0.35,
    order: 'bottom-up',
    calibrationImages: 5000,
  });
});

test('`complexity` is short for the analyses of both papers, which come first', async () => {
  const own = { use: './x.mjs#own', options: {} };
  const { analyses } = await parse({ complexity: { rank: 3, landmarks: 7 }, analyses: [own] });
  expect(analyses).toEqual([
    { use: '@kcr/nystrom#complexityAnalysis', options: { rank: 3, landmarks: 7 } },
    { use: '@kcr/ib-bound#bottleneckAnalysis', options: {} },
    own,
  ]);
});

describe('a wrong field is named', () => {
  const cases: [string, object][] = [
    ['name', { name: '' }],
    ['model.name', { model: {} }],
    ['model.head.name', { model: { name: 'x', head: {} } }],
    ['recipe', { batchSize: 3 }],
    ['seed', { seed: 0.5 }],
    ['data.kind', { data: { kind: 'voxels' } }],
    ['data.kind', { data: { kind: 'constructor' } }],
    ['data.cropRatio', { data: { cropRatio: 2 } }],
    ['data.cropRatio', { data: { cropRatio: 0 } }],
    ['data.cropMode', { data: { cropMode: 'centre' } }],
    ['data.interpolation', { data: { interpolation: 'nearest' } }],
    ['data.mix.mixup', { data: { mix: { mixup: Number.NaN } } }],
    ['data.mix.cutmix', { data: { mix: { cutmix: Number.POSITIVE_INFINITY } } }],
    ['data.resizedCrop.scale.0', { data: { resizedCrop: { scale: [0, 1] } } }],
    ['data.resizedCrop.scale', { data: { resizedCrop: { scale: [1, 0.08] } } }],
    ['data.resizedCrop.ratio.0', { data: { resizedCrop: { ratio: [-1, 1] } } }],
    ['data.augment.0', { data: { augment: ['flip'] } }],
    ['data', { data: { crop: 1 } }],
    ['data.normalization.std.0', { data: { normalization: { mean: [0], std: [0] } } }],
    ['adapters.0.use', { adapters: [{ use: 'qkMask' }] }],
    ['retrain.epochs', { retrain: { ...training, epochs: 0 } }],
    ['retrain.batchSize', { retrain: { ...training, batchSize: 1.5 } }],
    ['retrain.optimizer.lr', { retrain: { ...training, optimizer: {} } }],
    ['retrain.optimizer.decay', { retrain: { ...training, optimizer: { lr: 1, decay: 'exp' } } }],
    ['retrain.optimizer.layerDecay', { retrain: { ...training, optimizer: { layerDecay: 2 } } }],
    ['dense.emaDecay', { dense: { ...training, emaDecay: 1.5 } }],
    ['dense.emaDecay', { dense: { ...training, emaDecay: 1 } }],
    ['dense.labelSmoothing', { dense: { ...training, labelSmoothing: 1 } }],
    ['retrain.optimizer.betas.1', { retrain: { ...training, optimizer: { betas: [0.9, 1] } } }],
    ['retrain.optimizer.name', { retrain: { ...training, optimizer: { lr: 1, name: 'adam' } } }],
    ['retrain.optimizer.momentum', { retrain: { ...training, optimizer: { lr: 1, momentum: 0 } } }],
    [
      'dense.optimizer.betas',
      { dense: { ...training, optimizer: { lr: 1, name: 'sgd', betas: [0.9, 0.9] } } },
    ],
    [
      'dense.optimizer.eps',
      { dense: { ...training, optimizer: { lr: 1, name: { use: 'a#b' }, eps: 1 } } },
    ],
    [
      'dense.optimizer.lrFactors.head',
      { dense: { ...training, optimizer: { lr: 1, lrFactors: { head: 0 } } } },
    ],
    ['dense.accumulate', { dense: { ...training, accumulate: 0 } }],
    ['dense.clipMode', { dense: { ...training, clipMode: 'agc' } }],
    ['dense.clipMode', { dense: { ...training, clipGrad: 1, clipMode: 'length' } }],
    ['dense.freeze.0', { dense: { ...training, freeze: [''] } }],
    ['dense.trainable', { dense: { ...training, freeze: ['a'], trainable: ['b'] } }],
    ['retrain.trainable', { retrain: { ...training, freeze: ['a'], trainable: ['b'] } }],
    [
      'search.freezeWeights',
      { search: { ...training, initial: 'dense', freezeWeights: true, freeze: ['a'] } },
    ],
    ['search.architectureShare', { search: { ...training, architectureShare: -1 } }],
    ['prune.allocator', { prune: { budget: 0.5 } }],
    ['prune.budget', { prune: { allocator: 'macs' } }],
    ['prune.budget', { prune: { allocator: { use: 'a#b' }, budget: 0.5 } }],
    ['prune.schedule', { prune: { allocator: 'macs', budget: 0.5, schedule: 'now' } }],
    ['prune.method', { prune: { method: 'by-hand' } }],
    ['prune.epsilon', { prune: { method: 'bottom-up-cascade' } }],
    ['prune.rho', { prune: { method: 'bottom-up-cascade', epsilon: 5, rho: 2 } }],
    ['distillation.kind', { distillation: { kind: 'warm' } }],
    ['ablations.compact-2', { ablations: { 'compact-2': [] } }],
    ['ablations.compact', { ablations: { compact: [] } }],
    ['ablations.dense', { ablations: { compactNoTnn: [], dense: [] } }],
    ['complexity.landmarks', { complexity: { rank: 2 } }],
    ['ablations.random', { ablations: { random: [] } }],
    ['search.initial', { search: { ...training, initial: 'search' } }],
    ['search.freezeWeights', { search: { ...training, freezeWeights: true } }],
    ['retrain.initial', { retrain: { ...training, initial: 'search' } }],
    ['controls', { controls: ['random'] }],
    ['controls.0', { search: training, controls: ['worst'] }],
    ['prune', { prune: { allocator: 'macs', budget: 0.5 }, search: training, retrain: training }],
  ];
  test.each(cases)('%s', async (field, change) => {
    await expect(parse(change)).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      where: 'recipe x',
      found: expect.stringMatching(new RegExp(`(^|; )${field}: `)),
    });
  });

  test('all of them at once, those of the data too', async () => {
    const wrong = {
      seed: 'x',
      data: { augment: ['flip'] },
      retrain: { ...training, epoch: 3, batchSize: 0 },
    };
    const { found } = await parse(wrong).catch((error) => error);
    for (const field of ['seed', 'data.augment.0', 'retrain.batchSize', 'epoch'])
      expect(found).toContain(field);
  });

  test.each([[null], [[]], ['tiny'], [undefined]])('%s is no recipe', async (input) => {
    await expect(parseRecipe(input, 'x')).rejects.toMatchObject({
      code: 'RECIPE_INVALID',
      found: expect.stringMatching(/^recipe: /),
    });
  });
});

test('a kind of data that cannot be loaded is said as such', async () => {
  await expect(parse({ data: { kind: './nothing.mjs#kind' } })).rejects.toMatchObject({
    code: 'MODULE_LOAD',
  });
});

describe('the recipes that come along', () => {
  test.each(Object.entries(recipes))('%s', async (name, input) => {
    expect((await parseRecipe(input, name)).name).toBe(name);
  });

  test('are found by their own names', () => {
    for (const [name, recipe] of Object.entries(recipes)) expect(recipe.name).toBe(name);
  });

  test('ADE20K has its 150 classes, Swin-B its published batch and rate', async () => {
    const { data, retrain } = recipes['upernet-kcr-swin-base-ade20k'] as RecipeInput & {
      data: { classes: string[] };
    };
    expect(data.classes).toHaveLength(150);
    expect(new Set(data.classes).size).toBe(150);
    expect(data.classes[0]).toBe('wall');
    expect(data.classes[78]).toBe('arcade machine');
    expect(data.classes.at(-1)).toBe('flag');
    // 160,000 steps of 16 of its 20,210 training images.
    expect((retrain.epochs * 20_210) / retrain.batchSize).toBeCloseTo(160_000, -3);
    expect(retrain.optimizer.lr).toBe(6e-5);
  });

  // Of timm 1.0.29, without and with attention's products; the paper's tables name 1.4, 0.54 and 0.86 G.
  test.each([
    ['dcs-mobilevit-s', 224, 5_578_632, 1_416_770_560, 1_521_507_328],
    ['dcs-mobilevit-xs', 224, 2_317_848, 703_228_736, 772_340_288],
    ['dcs-efficientvit-b1', 224, 9_102_024, 510_684_672, 519_214_592],
    ['dcs-efficientvit-b1-r288', 288, 9_102_024, 841_543_168, 855_643_648],
  ])('%s compresses the published model at %d px', async (name, size, params, linear, total) => {
    const { model } = await recipeModel(await parseRecipe(recipes[name], name));
    expect(model.inputShape).toEqual([size, size, 3]);
    expect(model.parameterCount).toBe(params);
    expect(model.macs).toMatchObject({ linear, total });
  });

  test("DCS searches what EfficientViT's proj reads of its branches, and MLPs elsewhere", async () => {
    const found = await Promise.all(
      ['dcs-efficientvit-b1', 'dcs-mobilevit-s'].map(async (name) => {
        const recipe = await parseRecipe(recipes[name], name);
        const { dims } = recipe.search!.plugins[0]!.options as { dims: string[] };
        return prunableDims((await recipeModel(recipe)).model, dims);
      }),
    );
    const sum = (dims: readonly Dim[]) => dims.reduce((total, { size }) => total + size, 0);
    // Two branches in each of 3 blocks of 128 channels and 4 of 256; MLPs of 2 x 144, 4 x 192 and 3 x 240.
    expect(found.map((dims) => dims.length)).toEqual([14, 9]);
    expect(found.map(sum)).toEqual([2 * (3 * 128 + 4 * 256), 1776]);
  });

  test('SSDLite and Mask R-CNN of DCS fall by a cosine to the published rates', async () => {
    for (const backbone of ['mobilevit-xs', 'mobilevit-s', 'efficientvit-b1']) {
      const name = `ssdlite-dcs-${backbone}-coco`;
      const { model, retrain } = await parseRecipe(recipes[name], name);
      expect(model).toMatchObject({ config: { img_size: 320 }, head: { name: 'ssdlite' } });
      expect(retrain.epochs).toBe(200);
      expect(retrain.optimizer).toMatchObject({ lr: 9e-4, minLr: 1.6e-6 });
      expect(retrain.optimizer.decay ?? 'cosine').toBe('cosine');
    }
    const { retrain } = recipes['mask-rcnn-dcs-efficientvit-b1-coco']!;
    expect([retrain.epochs, retrain.optimizer.lr]).toEqual([12, 1e-3]);
    expect(retrain.optimizer.decay ?? 'cosine').toBe('cosine');
  });

  test('VTC-LFC weighs its teacher by alpha / (1 - alpha)', () => {
    // alpha is 0.1 for DeiT-Ti and 0.5 for DeiT-B.
    expect(recipes['lfc-deit-tiny']!.distillation!.weight).toBeCloseTo(1 / 9, 12);
    expect(recipes['lfc-deit-base']!.distillation!.weight).toBe(1);
  });
});

test('a recipe that is defined is the recipe', () => {
  expect(defineRecipe(tinyRecipe)).toBe(tinyRecipe);
});
