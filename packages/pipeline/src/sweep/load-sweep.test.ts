import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { shippedSweeps } from '../shipped-sweeps.ts';
import { temporaryFolder, tinyRecipe } from '../testing/tiny.ts';
import { loadSweep } from './load-sweep.ts';
import { listTrials } from './run-sweep.ts';
import type { SweepInput } from './sweep.ts';

const { retrain } = tinyRecipe;
const nystrom = { use: '@kcr/nystrom#kcrNystrom', options: { eta: 1, rank: 1 } };
const recipe = { ...tinyRecipe, retrain: { ...retrain, plugins: [nystrom] } };
const sweep: SweepInput = {
  name: 'tiny-sweep',
  recipe,
  parameters: { 'retrain.optimizer.lr': [1e-3, 1e-2] },
  metric: { path: 'compact.top1', goal: 'max' },
};
const load = (change: object) => loadSweep({ ...sweep, ...change } as SweepInput);

test('what is left out has its default', async () => {
  const { sweep: own } = await load({});
  expect(own).toEqual({ ...sweep, set: {}, strategy: { kind: 'grid' } });
});

test.each([
  ['no field of the name', { parameter: {} }, /parameter/],
  ['no parameters', { parameters: {} }, /nothing to try/],
  ['a value twice', { parameters: { a: [1, 1] } }, /twice/],
  ['a range in a grid', { parameters: { a: { from: 1, to: 2 } } }, /range/],
  ['a range that ends before it begins', { parameters: { a: { from: 2, to: 1 } } }, /above `from`/],
  ['a log range from 0', { parameters: { a: { from: 0, to: 1, scale: 'log' } } }, /above 0/],
  ['a strategy that is none', { strategy: { kind: 'tpe' } }, /strategy/],
  ['one fold', { folds: { count: 1 } }, /folds.count/],
  ['a parameter that is set', { set: { 'retrain.optimizer.lr': 1 } }, /parameter too/],
  ['a metric without a model', { metric: { path: 'top1', goal: 'max' } }, /MODEL.NUMBER/],
  ['a function', { parameters: { a: [() => 1] } }, /function/],
  ['a name that is none', { name: '../x' }, /name/],
])('SWEEP_INVALID: %s', async (_, change, found) => {
  await expect(load(change)).rejects.toMatchObject({
    code: 'SWEEP_INVALID',
    found: expect.stringMatching(found),
  });
});

test.each([
  ['retrain.optimiser.lr', 'retrain.optimizer.lr'],
  ['retrain.optimizer.learningRate', undefined],
  ['retrain.plugins.0.options.etta', 'retrain.plugins.0.options.eta'],
  ['retrain.plugins.1.options.eta', 'retrain.plugins.0.options.eta'],
  ['search.optimizer.lr', 'retrain.optimizer.lr'],
  ['data.agment', 'data.augment'],
  ['model.config.img_sise', 'model.config.img_size'],
])('SWEEP_PATH: %s, which is %s', async (path, right) => {
  await expect(load({ parameters: { [path]: [1] } })).rejects.toMatchObject({
    code: 'SWEEP_PATH',
    where: `sweep tiny-sweep, "${path}"`,
    fix: expect.stringContaining(right ? `Did you mean ${right}?` : 'retrain.optimizer.lr'),
  });
  await expect(load({ set: { [path]: 1 } })).rejects.toMatchObject({ code: 'SWEEP_PATH' });
});

test.each([
  ['that is written', 'retrain.plugins.0.options.eta', 1],
  ['that has a default', 'retrain.initial', 'scratch'],
  ['that may be left out', 'retrain.labelSmoothing', 0.1],
  ['of data with a default', 'data.invalid', 'skip'],
])('a path of a field %s', async (_, path, value) => {
  const { sweep: own } = await load({ parameters: { [path]: [value] } });
  expect(Object.keys(own.parameters)).toEqual([path]);
});

test('what is wrong with one setting is said with it, before anything runs', async () => {
  const parameters = { 'retrain.optimizer.lr': [1e-3, -1] };
  await expect(load({ parameters })).rejects.toMatchObject({
    code: 'RECIPE_INVALID',
    where: expect.stringContaining('retrain.optimizer.lr = -1'),
  });
  await expect(
    load({ parameters: { 'model.config.embed_dim': [8, 'wide'] } }),
  ).rejects.toMatchObject({ where: expect.stringContaining('"wide"') });
});

test('SWEEP_METRIC: a number, or a model, that runs do not have', async () => {
  for (const [path, fix] of [
    ['compact.topl', 'Did you mean compact.top1?'],
    ['dense.top1', 'Use one of compact.top1, compact.valLoss'],
  ] as const)
    await expect(load({ metric: { path, goal: 'max' } })).rejects.toMatchObject({
      code: 'SWEEP_METRIC',
      fix: expect.stringContaining(fix),
    });
});

test('SWEEP_FOLDS: images without classes', async () => {
  const maps = { images: 'i', labels: 'l' };
  const own = {
    ...tinyRecipe,
    data: { kind: 'semantic', train: maps, test: maps, classes: ['a', 'b'] },
  };
  await expect(load({ recipe: own, folds: { count: 2 } })).rejects.toMatchObject({
    code: 'SWEEP_FOLDS',
  });
});

test('a file names its recipe by name, or from its own folder', async () => {
  await using folder = await temporaryFolder();
  await mkdir(folder.at('a'));
  await writeFile(folder.at('a/recipe.json'), JSON.stringify(recipe));
  await writeFile(folder.at('a/sweep.json'), JSON.stringify({ ...sweep, recipe: 'recipe.json' }));
  const loaded = await loadSweep(folder.at('a/sweep.json'));
  expect(loaded).toMatchObject({ recipe, from: expect.stringMatching(/a\/recipe\.json$/) });
  const text = `export default ${JSON.stringify({ ...sweep, recipe: 'kcr-vit-eurosat' })}`;
  await writeFile(folder.at('a/sweep.mts'), text);
  expect((await loadSweep(folder.at('a/sweep.mts'))).recipe).toMatchObject({
    name: 'kcr-vit-eurosat',
  });
  await expect(loadSweep(folder.at('no.mjs'))).rejects.toMatchObject({ code: 'SWEEP_READ' });
  await expect(loadSweep('kcr-eurosta')).rejects.toMatchObject({
    code: 'SWEEP_UNKNOWN',
    fix: expect.stringContaining('Did you mean kcr-eurosat?'),
  });
});

test('the sweeps that come along fit their recipes', async () => {
  const counts = Object.fromEntries(
    await Promise.all(
      Object.keys(shippedSweeps).map(async (name) => {
        const loaded = await loadSweep(name);
        expect(loaded.sweep.name).toBe(name);
        return [name, (await listTrials(loaded)).length] as const;
      }),
    ),
  );
  expect(counts).toEqual({
    // 9 lambdas, 7 etas, 6 shares of the epochs, 5 folds.
    'kcr-imagenet': 9 * 7 * 6 * 5,
    // 4 etas, 2 shares, 3 folds.
    'kcr-eurosat': 24,
    // 5 lambdas, 3 folds.
    'lambda-eurosat': 15,
    // 5 epsilons, 3 rhos, 2 orders.
    'lfc-imagenet': 30,
    // 4 sigmas, 3 lambdas, 3 folds.
    'lfs-eurosat': 36,
  });
});
