import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { compress, type RunOptions, stageContext } from './compress.ts';
import type { PipelineEvent } from './events.ts';
import { findModel } from './find-model.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import type { RecipeInput } from './recipes/recipe.ts';
import { MODULE } from './testing/brightness.ts';
import {
  countedEngines,
  eagerEngine,
  temporaryFolder,
  tinyCheckpoint,
  tinyRecipe,
  tinySwin,
  writeClassFolders,
  writeLabelledFolders,
} from './testing/tiny.ts';

const { retrain } = tinyRecipe;
const counter = { use: `${MODULE}#counter` };
const recipe: RecipeInput = {
  ...tinyRecipe,
  data: {},
  dense: retrain,
  search: {
    ...retrain,
    architectureShare: 0.5,
    plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['hidden'], budget: 0.9 } }],
  },
  retrain: { ...retrain, plugins: [counter] },
  ablations: { compactBare: [] },
};

/** Compresses with the images of `data` into `run`. */
async function run(root: string, own: RecipeInput, more: object = {}) {
  const events: PipelineEvent[] = [];
  const engines = countedEngines();
  const result = await compress(own, {
    data: `${root}/data`,
    out: `${root}/run`,
    engine: engines.make,
    on: (event) => events.push(event),
    ...more,
  });
  const trained = events.flatMap((e) => (e.type === 'epoch' ? [e.stage] : []));
  return { ...result, trained, engines };
}

async function prepare(root: string): Promise<void> {
  for (const part of ['train', 'test']) await writeClassFolders(`${root}/data/${part}`);
}

test('all stages run in their order, once, and what they found is in the folder', async () => {
  await using folder = await temporaryFolder();
  await prepare(folder.root);
  const first = await run(folder.root, recipe);
  expect(first.trained).toEqual(['dense', 'search', 'compact', 'compact-bare']);
  expect(first.engines.open).toBe(0);
  const { summary, table, kept, report } = first;
  expect(Object.keys(summary)).toEqual(['dense', 'compact', 'compactBare']);
  expect(table.rows.map(({ name }) => name)).toEqual(Object.keys(summary));
  const channels = kept['blocks.0.mlp.hidden']!.length;
  // A hidden channel has 8 weights in, a bias and 8 weights out.
  expect(summary.dense!.params - summary.compact!.params).toBe((32 - channels) * 17);
  expect(JSON.parse(await readFile(folder.at('run', 'summary.json'), 'utf8'))).toEqual(summary);
  const analysis = JSON.parse(await readFile(folder.at('run', 'analysis.json'), 'utf8'));
  expect(analysis).toMatchObject({
    recipe: 'tiny',
    searched: [{ name: 'blocks.0.mlp.hidden', size: 32, kept: kept['blocks.0.mlp.hidden'] }],
    curves: { counted: { title: 'Epochs that were counted' } },
    gallery: { captions: ['dark', 'light'] },
  });
  expect(report).toBe(folder.at('run', 'report.html'));
  expect(existsSync(report)).toBe(true);

  const again = await run(folder.root, recipe);
  expect(again.trained).toEqual([]);
  expect(again.kept).toEqual(kept);
  expect(again.summary.compact!.top1).toBe(summary.compact!.top1);
  await expect(run(folder.root, recipe, { seed: 7 })).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
  });
});

test('a search on trained weights trains on from them, beside as many random channels', async () => {
  await using folder = await temporaryFolder();
  await prepare(folder.root);
  const { summary, trained, kept } = await run(folder.root, {
    ...recipe,
    search: { ...recipe.search!, initial: 'dense', freezeWeights: true },
    retrain: { ...retrain, initial: 'dense' },
    ablations: {},
    controls: ['random'],
  });
  expect(trained).toEqual(['dense', 'search', 'compact', 'random']);
  expect(Object.keys(summary)).toEqual(['dense', 'pruned', 'compact', 'randomPruned', 'random']);
  const { dense, random, ...compact } = summary;
  for (const { macs } of Object.values(compact)) expect(macs).toBe(random!.macs);
  expect(random!.macs).toBeLessThan(dense!.macs);
  const { kept: others } = JSON.parse(await readFile(folder.at('run/random/model.json'), 'utf8'));
  expect(others).not.toEqual(kept);
});

test('a recipe that prunes trains on from what is left, and shows what pruning recorded', async () => {
  await using folder = await temporaryFolder();
  await prepare(folder.root);
  const prune = {
    method: 'bottom-up-cascade' as const,
    epsilon: 100,
    dims: ['hidden'],
    images: 4,
    calibrationImages: 4,
    batchSize: 4,
  };
  const { summary, trained } = await run(folder.root, {
    ...tinyRecipe,
    data: {},
    dense: retrain,
    prune,
  });
  expect(trained).toEqual(['dense', 'compact']);
  expect(Object.keys(summary)).toEqual(['dense', 'pruned', 'compact']);
  expect(summary.compact!.macs).toBe(summary.pruned!.macs);
  expect(summary.pruned!.macs).toBeLessThan(summary.dense!.macs);
  const { charts } = JSON.parse(await readFile(folder.at('run', 'analysis.json'), 'utf8'));
  expect(charts.map(({ title }: { title: string }) => title)).toContain(
    'Channels left in each block',
  );
});

test('a recipe without a baseline and a search trains one model with its adapters', async () => {
  await using folder = await temporaryFolder();
  await prepare(folder.root);
  const adapters = [{ use: '@kcr/masks#qkMask' }];
  const { summary, kept } = await run(folder.root, { ...tinyRecipe, data: {}, adapters });
  expect(Object.keys(summary)).toEqual(['compact']);
  expect(kept).toEqual({});
  const { model } = await loadCheckpoint(folder.at('run', 'compact'));
  expect(model.adapters.map(({ name }) => name)).toEqual(['qkMask']);
});

test('a backbone takes the place of a search', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('backbone'), await findModel(tinySwin.name, tinySwin.config));
  const head = { name: 'mean', module: MODULE };
  const bright: RecipeInput = {
    name: 'bright',
    model: { ...tinySwin, head },
    data: { kind: `${MODULE}#bright`, images: 4 },
    search: recipe.search,
    retrain,
  };
  const { trained } = await run(folder.root, bright, { backbone: folder.at('backbone') });
  expect(trained).toEqual(['compact']);
});

describe('what a run is given', () => {
  test('comes before what the recipe says: folder and seed', async () => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const given = { data: folder.at('data'), out: folder.at('run'), engine: eagerEngine };
    const own = { ...tinyRecipe, seed: 3 };
    const context = async (more: Partial<RunOptions>) => {
      // Closed, so that the next one may have the folder.
      await using opened = await stageContext(own, { ...given, ...more });
      return opened;
    };
    const plain = await context({});
    expect([plain.seed, plain.directory, plain.data.train.length]).toEqual([
      3,
      folder.at('run'),
      4,
    ]);
    expect((await context({ seed: 0 })).seed).toBe(0);
    const { recipe } = await context({ evalEvery: 5, evalImages: 2 });
    expect(recipe.retrain).toMatchObject({ evaluateEvery: 5, evaluateImages: 2 });
    expect(plain.recipe.retrain).not.toHaveProperty('evaluateEvery');
    await tinyCheckpoint(folder.at('w'));
    const more = { backbone: 'b', teacher: 't' };
    const weights = folder.at('w');
    const found = await context({ ...more, weights });
    expect(found).toMatchObject({ ...more, weights: { place: weights } });
  });

  test('TASK_CLASSES for pruning where images have no class, before anything is trained', async () => {
    await using folder = await temporaryFolder();
    for (const part of ['train', 'test'])
      await writeLabelledFolders(folder.at(part), { a: Array(8).fill(Array(8).fill(1)) });
    const part = (name: string) => ({ images: `${name}/images`, labels: `${name}/labels` });
    const images = { root: folder.root, train: part('train'), test: part('test') };
    const own: RecipeInput = {
      ...tinyRecipe,
      model: { ...tinySwin, head: { name: 'upernet', config: { num_classes: 2, channels: 4 } } },
      data: { ...images, kind: 'semantic', classes: ['ground', 'water'] },
      dense: retrain,
      prune: { criterion: { use: '@kcr/criteria#magnitude' }, allocator: 'macs', budget: 0.5 },
    };
    const out = folder.at('run');
    await expect(stageContext(own, { out })).rejects.toMatchObject({ code: 'TASK_CLASSES' });
    // The folder is free again.
    await (await stageContext({ ...own, prune: undefined }, { out }))[Symbol.asyncDispose]();
  });

  test.each([
    ['RECIPE_UNKNOWN', 'nothing'],
    ['RECIPE_INVALID', { ...tinyRecipe, seed: 'x' as never }],
    ['DATA_ROOT', { ...tinyRecipe, data: {} }],
    ['FOLDER_READ', { ...tinyRecipe, data: { root: 'nowhere' } }],
  ])('%s', async (code, wrong) => {
    await expect(stageContext(wrong, { out: 'nowhere' })).rejects.toMatchObject({ code });
    expect(existsSync('nowhere')).toBe(false);
  });
});
