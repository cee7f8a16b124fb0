import { mkdir, readdir, writeFile } from 'node:fs/promises';
import {
  type Adapter,
  adapt,
  float32,
  Generator,
  plainPreprocessing,
  prune,
  saveModel,
  saveWeights,
} from '@kcr/core';
import { qkMask } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { compress } from './compress.ts';
import type { PipelineEvent } from './events.ts';
import { findModel } from './find-model.ts';
import { GivenWeights } from './given-weights.ts';
import { importCheckpoint } from './import-checkpoint.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import type { RecipeInput } from './recipes/recipe.ts';
import { recipeModel } from './recipes/recipe-model.ts';
import { denseStage } from './stages/dense.ts';
import { inheritedWeights } from './stages/inherited-weights.ts';
import { pretrainedWeights } from './stages/pretrained-weights.ts';
import {
  temporaryFolder,
  tinyCheckpoint,
  tinyContext,
  tinyModel,
  tinySwin,
  tinyVit,
  writeGrey,
} from './testing/tiny.ts';

const training = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };

/** Published weights: 5 classes, images of 16 px. */
const published = () => tinyModel({ num_classes: 5, img_size: 16 });

test('weights of other classes and another size are trained on as the dense model', async () => {
  await using folder = await temporaryFolder();
  const { weights } = await tinyCheckpoint(folder.at('given'), await published());
  const events: PipelineEvent[] = [];
  const options = { weights: folder.at('given'), on: (event: PipelineEvent) => events.push(event) };
  const context = await tinyContext(folder.at('run'), { dense: training }, options);
  const still = { ...training, optimizer: { lr: 1e-12, minLr: 1e-12, weightDecay: 0 } };
  const recipe = {
    ...context.recipe,
    dense: (await tinyContext('', { dense: still })).recipe.dense,
  };
  await denseStage.run(undefined, { ...context, recipe });
  const dense = await loadCheckpoint(folder.at('run', 'dense'));
  expect(dense.model.classes).toBe(2);
  expect(dense.weights['blocks.0.attn.qkv.weight']!.data[7]).toBeCloseTo(
    weights['blocks.0.attn.qkv.weight']!.data[7]!,
    6,
  );
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['imported', 'training', 'epoch', 'trained']),
  );
  expect(events[0]).toMatchObject({
    where: folder.at('given'),
    text: expect.stringMatching(/head drawn for 2 classes; pos_embed 4x4 -> 2x2/),
  });
});

test.each<[string, Partial<RecipeInput>, string]>([
  ['not trained where the recipe trains none', {}, 'nothing'],
  ['trained from where it says so', { dense: { ...training, initial: 'pretrained' } }, 'trained'],
  ['left where it trains from scratch', { dense: { ...training, initial: 'scratch' } }, 'trained'],
])('whole weights are %s', async (_, recipe, found) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('given'));
  const events: PipelineEvent[] = [];
  const options = { weights: folder.at('given'), on: (event: PipelineEvent) => events.push(event) };
  await denseStage.run(undefined, await tinyContext(folder.at('run'), recipe, options));
  expect(events.some(({ type }) => type === 'trained')).toBe(found === 'trained');
  expect(await readdir(folder.at('run', 'dense'))).toContain('model.json');
});

test('PRETRAINED_CLASSIFIER: nothing trains the new classifier', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('given'), await published());
  const criterion = { use: '@kcr/criteria#magnitude' };
  const prune = { criterion, allocator: 'macs', budget: 0.5 } as const;
  const context = await tinyContext(folder.at('run'), { prune }, { weights: folder.at('given') });
  await expect(denseStage.run(undefined, context)).rejects.toMatchObject({
    code: 'PRETRAINED_CLASSIFIER',
    found: 'head.weight is new, and the recipe does not train the dense model',
  });
});

describe('the dense model of a run gives the right class, whatever order its weights have', () => {
  /** A checkpoint whose logits are its bias: of two classes, the second is the most probable. */
  async function biased(path: string, classes: readonly string[]) {
    const model = await tinyModel();
    const weights = model.initialize(new Generator(0));
    weights['head.weight'] = float32(weights['head.weight']!.shape);
    weights['head.bias'] = float32([2], [0, 5]);
    await saveModel(path, model, weights, { classes, input: plainPreprocessing(model.inputShape) });
  }

  test.each<[string, readonly string[], readonly number[] | 'drawn', RegExp | undefined]>([
    ['the same', ['dark', 'light'], [0, 5], undefined],
    ['another order', ['light', 'dark'], [5, 0], /put in another order.*have light, dark/],
    ['no names', ['0', '1'], [0, 5], /taken in order.*0 is dark, 1 is light/],
    ['other names', ['cat', 'dog'], 'drawn', /head drawn for 2 classes; other classes: cat, dog/],
    ['other names of the same', ['light', 'black'], 'drawn', /other classes: light, black/],
  ])('%s', async (_, classes, expected, said) => {
    await using folder = await temporaryFolder();
    await biased(folder.at('given'), classes);
    const events: PipelineEvent[] = [];
    const given = { weights: folder.at('given'), on: (event: PipelineEvent) => events.push(event) };
    const context = await tinyContext(folder.at('run'), {}, given);
    const dense = await denseStage.run(undefined, context);
    const texts = events.flatMap((event) => (event.type === 'imported' ? [event.text] : []));
    if (said) expect(texts).toEqual([expect.stringMatching(said)]);
    else expect(texts).toEqual([]);
    if (expected === 'drawn') return expect(dense).toBeUndefined();
    const { weights, info } = await loadCheckpoint(folder.at('run', 'dense'));
    expect(info.classes).toEqual(['dark', 'light']);
    expect(weights['head.bias']).toEqual(float32([2], expected));
  });

  test('DATASET_CLASSES: its own dense model, for images of other classes', async () => {
    await using folder = await temporaryFolder();
    await biased(folder.at('dense'), ['light', 'dark']);
    const context = await tinyContext(folder.root, {}, { weights: folder.at('dense') });
    await expect(denseStage.run(undefined, context)).rejects.toMatchObject({
      code: 'DATASET_CLASSES',
      found: 'a model of light, dark for images of dark, light',
    });
  });
});

test.each<[string, readonly string[], string[]]>([
  ['of the same classes is taken', ['dark', 'light'], []],
  ['of another order is put in this one', ['light', 'dark'], []],
  ['of other classes is drawn', ['cat', 'dog'], ['head.conv_seg.weight', 'head.conv_seg.bias']],
])("a segmenter's classifier %s", async (_, classes, drawn) => {
  await using folder = await temporaryFolder();
  const head = { name: 'upernet', config: { num_classes: 2, channels: 8, pool_scales: [1, 2] } };
  const context = await tinyContext(
    folder.at('run'),
    { model: { ...tinySwin, head } },
    { weights: folder.at('given') },
  );
  const { model } = await recipeModel(context.recipe);
  const weights = model.initialize(new Generator(5));
  const name = [...model.classifiers][0]!;
  weights[`${name}.bias`] = float32([2], [1, 2]);
  await saveModel(folder.at('given'), model, weights, {
    classes,
    input: plainPreprocessing(model.inputShape),
  });
  const found = await pretrainedWeights(model, context);
  expect(found.drawn.map((own) => own.replace(name, 'head.conv_seg')).slice(0, 2)).toEqual(drawn);
  const bias = [...found.weights[`${name}.bias`]!.data];
  if (drawn.length === 0) expect(bias).toEqual(classes[0] === 'dark' ? [1, 2] : [2, 1]);
  model.checkState(found.weights, 'found');
});

test('PRETRAINED_MISSING: a stage starts from weights that nobody gave', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root, { dense: { ...training, initial: 'pretrained' } });
  await expect(denseStage.run(undefined, context)).rejects.toMatchObject({
    code: 'PRETRAINED_MISSING',
  });
});

test('a search or retraining starts from them, with what adapters add drawn', async () => {
  await using folder = await temporaryFolder();
  const { weights } = await tinyCheckpoint(folder.at('given'));
  const context = await tinyContext(folder.root, {}, { weights: folder.at('given') });
  const whole = adapt(await tinyModel(), [qkMask({}) as Adapter]);
  const found = await inheritedWeights('pretrained', whole, context);
  expect(found).toMatchObject(weights);
  whole.checkState(found!, 'inherited');
});

test("a detector's backbone starts from a classifier's weights, its head is drawn", async () => {
  await using folder = await temporaryFolder();
  const swin = await findModel(tinySwin.name, tinySwin.config);
  const weights = swin.initialize(new Generator(3));
  await saveWeights(swin, weights, folder.at('swin.safetensors'));
  const head = { name: 'upernet', config: { num_classes: 2, channels: 8, pool_scales: [1, 2] } };
  const context = await tinyContext(
    folder.at('run'),
    { model: { ...tinySwin, head } },
    { weights: folder.at('swin.safetensors') },
  );
  const { model } = await recipeModel(context.recipe);
  const found = await inheritedWeights('pretrained', model, context);
  const name = 'layers.0.blocks.0.attn.qkv.weight';
  expect(found![`backbone.${name}`]).toEqual(weights[name]);
  model.checkState(found!, 'inherited');
  await saveWeights(model, found!, folder.at('whole.safetensors'));
  const again = { ...context, weights: new GivenWeights(folder.at('whole.safetensors'), {}) };
  expect(await inheritedWeights('pretrained', model, again)).toEqual(found);
});

/** Folders of dark, grey and light images. */
async function threeClasses(root: { at(...parts: string[]): string }) {
  for (const part of ['train', 'test'])
    for (const [name, grey] of [
      ['dark', 20],
      ['grey', 120],
      ['light', 220],
    ] as const) {
      await mkdir(root.at('data', part, name), { recursive: true });
      for (const i of [0, 1]) await writeGrey(root.at('data', part, name, `${i}.png`), grey + i);
    }
}

test('a run has the classes of its images, and the normalisation of its weights', async () => {
  await using folder = await temporaryFolder();
  await threeClasses(folder);
  const model = await published();
  await saveWeights(model, model.initialize(new Generator(0)), folder.at('model.safetensors'));
  const { num_classes: _, ...config } = { ...tinyVit.config, img_size: 16 };
  const pretrained_cfg = {
    input_size: [3, 16, 16],
    num_classes: 5,
    crop_pct: 0.5,
    interpolation: 'bilinear',
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.6, 0.7],
  };
  const timm = { architecture: tinyVit.name, num_classes: 5, model_args: config, pretrained_cfg };
  await writeFile(folder.at('config.json'), JSON.stringify(timm));
  const { summary } = await compress(
    {
      name: 'own images',
      model: { name: tinyVit.name, config: { img_size: 8 }, pretrained: folder.root },
      data: { root: folder.at('data') },
      dense: training,
      retrain: { ...training, initial: 'dense' },
    },
    { out: folder.at('run') },
  );
  expect(Object.keys(summary)).toEqual(['dense', 'pruned', 'compact']);
  const { model: built, info } = await loadCheckpoint(folder.at('run', 'dense'));
  expect(built.config).toMatchObject({ num_classes: 3, img_size: 8, embed_dim: 8 });
  expect(info.classes).toEqual(['dark', 'grey', 'light']);
  expect(info.input).toMatchObject({
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.6, 0.7],
    crop_pct: 0.5,
    interpolation: 'bilinear',
  });
});

test('an import writes a checkpoint folder, and over nothing', async () => {
  await using folder = await temporaryFolder();
  const model = await published();
  await tinyCheckpoint(folder.at('given'), prune(model, { 'blocks.0.mlp.hidden': [1, 2] }));
  const options = { out: folder.at('own'), config: { img_size: 24, num_classes: 3 } };
  const report = await importCheckpoint(folder.at('given'), options);
  expect(report).toMatchObject({
    drawn: ['head.weight', 'head.bias'],
    resized: [{ name: 'pos_embed' }],
  });
  const own = await loadCheckpoint(folder.at('own'));
  expect(own.model.kept).toEqual({ 'blocks.0.mlp.hidden': [1, 2] });
  expect([own.model.classes, own.model.inputShape]).toEqual([3, [24, 24, 3]]);
  await expect(importCheckpoint(folder.at('given'), options)).rejects.toMatchObject({
    code: 'OUT_EXISTS',
  });
});
