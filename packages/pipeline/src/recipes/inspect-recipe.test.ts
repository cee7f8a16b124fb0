import { expect, test } from 'vitest';
import { compress } from '../compress.ts';
import type { PipelineEvent } from '../events.ts';
import { MODULE } from '../testing/brightness.ts';
import {
  countedEngines,
  eagerEngine,
  temporaryFolder,
  tinyRecipe,
  writeClassFolders,
} from '../testing/tiny.ts';
import { recipes } from './index.ts';
import { inspectRecipe } from './inspect-recipe.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { RecipeInput } from './recipe.ts';

const { retrain } = tinyRecipe;
const searching: RecipeInput = {
  ...tinyRecipe,
  data: {},
  dense: { ...retrain, batchSize: 1, accumulate: 2 },
  search: {
    ...retrain,
    architectureShare: 0.5,
    plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['hidden'], budget: 0.9 } }],
  },
  retrain: { ...retrain, plugins: [{ use: `${MODULE}#counter` }] },
  ablations: { compactBare: [] },
};

test('what is said to run is what runs: stages in their order, epochs and steps', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at('data', part));
  const data = folder.at('data');
  const found = await inspectRecipe(await parseRecipe(searching, 'x'), { data });
  const events: PipelineEvent[] = [];
  await compress(searching, {
    data,
    out: folder.at('run'),
    engine: eagerEngine,
    on: (event) => events.push(event),
  });
  const ran = new Map<string, number>();
  for (const event of events)
    if (event.type === 'step') ran.set(event.stage, (ran.get(event.stage) ?? 0) + 1);
  const trained = found.stages.filter(({ epochs }) => epochs !== undefined);
  expect(trained.map(({ name, steps }) => [name, steps])).toEqual([...ran]);
  expect(found.stages.at(-1)!.name).toBe('analysis');
  expect(found.data).toEqual({ kind: 'classes', root: data, train: 4, test: 4, classes: 2 });
  expect(found.model).toMatchObject({ task: 'classification', input: [8, 8, 3] });
  expect(found.model.params).toBeGreaterThan(0);
  expect(found.parts.map(({ field, kind, module }) => [field, kind, module])).toEqual([
    ['search.plugins.0', 'plugin', '@kcr/masks'],
    ['retrain.plugins.0', 'plugin', expect.stringMatching(/^\/.*brightness\.ts$/)],
  ]);
});

test('without a folder the images and steps are not known; adapters are counted apart', async () => {
  const recipe = await parseRecipe(
    {
      ...tinyRecipe,
      data: {},
      adapters: [{ use: '@kcr/masks#qkMask', options: { separate: true } }],
    },
    'x',
  );
  const { data, stages, model } = await inspectRecipe(recipe);
  expect(data).toBeUndefined();
  expect(stages.map(({ name, epochs, steps }) => [name, epochs, steps])).toEqual([
    ['compact', 1, undefined],
    ['analysis', undefined, undefined],
  ]);
  // Two layers of 8 x 8 with biases.
  expect(model.params - model.dense!.params).toBe(2 * (8 * 8 + 8));
});

test('every recipe that comes along says what it would run', async () => {
  for (const [name, written] of Object.entries(recipes)) {
    const { root: _, ...data } = written.data;
    const recipe = await parseRecipe({ ...written, data }, name);
    const { stages, model } = await inspectRecipe(recipe);
    expect(stages.map((stage) => stage.name)).toContain('compact');
    for (const { does } of stages) expect(does).not.toMatch(/undefined|\[object/);
    expect(model.macs, name).toBeGreaterThan(0);
  }
});

test('each training is measured by its first updates, and leaves nothing', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at('data', part));
  const engines = countedEngines();
  const recipe = await parseRecipe(searching, 'x');
  const given = { data: folder.at('data'), measure: { engine: engines.make } };
  const { stages, trainings } = await inspectRecipe(recipe, given);
  expect(trainings!.map(({ name }) => name)).toEqual(['dense', 'search', 'compact']);
  for (const { name, first, update, all } of trainings!) {
    const steps = stages.find((stage) => stage.name === name)!.steps!;
    expect(first).toBeGreaterThan(0);
    expect(update).toBeGreaterThan(0);
    expect(all).toBeCloseTo(first + (steps - 1) * update, 9);
  }
  expect([engines.made, engines.open]).toEqual([3, 0]);
  const none = inspectRecipe(recipe, { measure: {} });
  await expect(none).rejects.toMatchObject({ code: 'OPTION', found: 'no images' });
});
