import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compress, stageContext } from '../compress.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { loadPlugin } from '../modules.ts';
import { eagerEngine, temporaryFolder, tinyRecipe, writeClassFolders } from '../testing/tiny.ts';
import { checkParts } from './check-parts.ts';
import { requireFoundAgain } from './found-again.ts';
import { loadRecipe } from './load-recipe.ts';
import { recipeModules } from './recipe-modules.ts';
import { recipeParts } from './recipe-parts.ts';

/** A package that is imported alone, and has no second form to be required. */
const PACKAGE = {
  name: 'their-package',
  version: '3.2.1',
  type: 'module',
  exports: { '.': { import: './index.js' } },
};

const INDEX = `
const adapter = (name, module) => (options) => ({
  name, contract: 1, module, options, attach: () => (m, value) => value,
});
export const same = adapter('same', 'their-package');
export const lost = adapter('lost', 'their-package');
export const other = adapter('same', '@kcr/masks');
export const local = adapter('local', './own.mjs');
export const adapters = { same };
export const quiet = (options) => ({ name: 'quiet', contract: 1, options, setup: () => ({}) });
export const picky = ({ rate }) => {
  if (rate === undefined) throw new TypeError('rate is needed');
  return quiet({ rate });
};
const architecture = { name: 'pvt', contract: 1, module: 'their-package' };
export const architectures = { pvt: architecture };
export const models = { pvt_micro: { architecture, config: {} } };
`;

const OWN = `
export const local = (options) => ({
  name: 'local', contract: 1, module: import.meta.url, options, attach: () => (m, value) => value,
});
export const adapters = { local };
export const scores = () => ({ name: 'scores', contract: 1, options: {}, score: async () => new Map() });
`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  const own = folder.at('project', 'node_modules', 'their-package');
  await mkdir(own, { recursive: true });
  await mkdir(folder.at('project', 'recipes'));
  await writeFile(`${own}/package.json`, JSON.stringify(PACKAGE));
  await writeFile(`${own}/index.js`, INDEX);
  await writeFile(folder.at('project', 'recipes', 'own.mjs'), OWN);
  for (const part of ['train', 'test']) await writeClassFolders(folder.at('data', part));
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Writes a recipe into a folder that is not the process's. */
async function written(name: string, change: object): Promise<string> {
  const path = folder.at('project', 'recipes', `${name}.json`);
  await writeFile(path, JSON.stringify({ ...tinyRecipe, data: {}, ...change }));
  return path;
}

const { retrain } = tinyRecipe;

test('a run has the parts that its file names, and reads its checkpoints by what they say', async () => {
  const recipe = await written('run', {
    adapters: [{ use: 'their-package#same' }, { use: './own.mjs#local' }],
    retrain: { ...retrain, plugins: [{ use: 'their-package#quiet' }] },
  });
  const out = folder.at('run');
  const { summary } = await compress(recipe, { data: folder.at('data'), out, engine: eagerEngine });
  expect(Object.keys(summary)).toEqual(['compact']);
  const { adapters } = JSON.parse(await readFile(`${out}/compact/model.json`, 'utf8'));
  const { from } = await loadRecipe(recipe);
  const file = new URL('own.mjs', from).href;
  expect(adapters).toEqual([
    { module: 'their-package', name: 'same', options: {} },
    { module: file, name: 'local', options: {} },
  ]);
  const trust = ['their-package', file];
  const { model } = await loadCheckpoint(`${out}/compact`, { trust, from });
  expect(model.adapters.map(({ name }) => name)).toEqual(['same', 'local']);
  // Elsewhere the package has to be installed, and the trust is still needed.
  await expect(loadCheckpoint(`${out}/compact`, { trust })).rejects.toMatchObject({
    code: 'MODULE_LOAD',
    fix: expect.stringContaining('npm install their-package'),
  });
  await expect(loadCheckpoint(`${out}/compact`, { from })).rejects.toMatchObject({
    code: 'CHECKPOINT_TRUST',
  });
});

test("the parts of a recipe are known by their fields, and a model's entry by its package", async () => {
  const part = (use: string) => ({ use, options: {} });
  const recipe = await loadRecipe(
    await written('parts', {
      model: { name: 'their-package#pvt_micro' },
      data: { augment: ['horizontalFlip', { use: './own.mjs#flip' }] },
      adapters: [{ use: 'their-package#same' }],
      dense: { ...retrain, optimizer: { name: { use: './own.mjs#sgd' }, lr: 1 } },
      prune: { criterion: { use: './own.mjs#scores' }, allocator: { use: './own.mjs#a' } },
      ablations: { compactBare: [{ use: 'their-package#quiet' }] },
      analyses: [{ use: './own.mjs#b' }],
    }),
  );
  expect(recipeParts(recipe)).toEqual([
    { field: 'data.augment.1', kind: 'augment', part: part('./own.mjs#flip') },
    { field: 'adapters.0', kind: 'adapter', part: part('their-package#same') },
    { field: 'dense.optimizer.name', kind: 'optimizer', part: part('./own.mjs#sgd') },
    { field: 'prune.criterion', kind: 'criterion', part: part('./own.mjs#scores') },
    { field: 'prune.allocator', kind: 'allocator', part: part('./own.mjs#a') },
    { field: 'ablations.compactBare.0', kind: 'plugin', part: part('their-package#quiet') },
    { field: 'analyses.0', kind: 'analysis', part: part('./own.mjs#b') },
  ]);
  expect(new Set(await recipeModules(recipe))).toEqual(new Set(['their-package']));
});

test.each([
  ['model.name', 'MODEL_UNKNOWN', { model: { name: 'their-package#pvt_mini' } }],
  [
    'model.head',
    'MODULE_LOAD',
    { model: { ...tinyRecipe.model, head: { name: 'x', module: './no.mjs' } } },
  ],
  ['adapters.0', 'PLUGIN_UNKNOWN', { adapters: [{ use: 'their-package#sane' }] }],
  [
    'retrain.plugins.1',
    'RECIPE_INVALID',
    {
      retrain: {
        ...retrain,
        plugins: [{ use: 'their-package#quiet' }, { use: 'their-package#picky' }],
      },
    },
  ],
  ['ablations.bare.0', 'PLUGIN_UNKNOWN', { ablations: { bare: [{ use: 'their-package#same' }] } }],
  ['analyses.0', 'PLUGIN_UNKNOWN', { analyses: [{ use: './own.mjs#scores' }] }],
  [
    'prune.allocator',
    'MODULE_LOAD',
    { prune: { criterion: { use: './own.mjs#scores' }, allocator: { use: 'nobody#x' } } },
  ],
])('what is wrong with %s is %s before the first step', async (field, code, change) => {
  const recipe = await written('wrong', { dense: retrain, ...change });
  const out = folder.at('never');
  await expect(stageContext(recipe, { data: folder.at('data'), out })).rejects.toMatchObject({
    code,
    where: expect.stringMatching(new RegExp(`^recipe, ${field}(:|$)`)),
  });
  await expect(readFile(`${out}/run.lock`)).rejects.toThrow();
});

test('a name that is nearly right is proposed', async () => {
  const recipe = await loadRecipe(
    await written('near', { adapters: [{ use: 'their-package#sane' }] }),
  );
  await expect(checkParts(recipe)).rejects.toMatchObject({
    fix: expect.stringMatching(/^Did you mean same\? It exports adapters, /),
  });
});

test.each([
  ['lost', 'nothing that a checkpoint would find it by'],
  ['other', 'nothing that a checkpoint would find it by'],
  ['local', 'a path that is another file from the folder of the process'],
])('an adapter whose names do not lead back (%s) is refused', async (name, found) => {
  const recipe = await loadRecipe(
    await written('lost', { adapters: [{ use: `their-package#${name}` }] }),
  );
  await expect(recipeModules(recipe)).rejects.toMatchObject({ code: 'NOT_FOUND_AGAIN', found });
});

test('names that lead to another extension are refused', async () => {
  const adapter = {
    name: 'lfe',
    contract: 1 as const,
    module: '@kcr/masks',
    options: {},
    attach: () => () => 0 as never,
  };
  const architecture = { name: 'vit', module: '@kcr/backbones' };
  await expect(requireFoundAgain({ architecture, adapters: [adapter] })).rejects.toMatchObject({
    code: 'NOT_FOUND_AGAIN',
    where: 'adapter "lfe" of "@kcr/masks"',
    fix: expect.stringContaining('export it in the table `adapters`'),
  });
  await expect(requireFoundAgain({ architecture, adapters: [] })).resolves.toBeUndefined();
});

test('two plugins of one kind are told apart by a name of the run', async () => {
  const quiet = { use: 'their-package#quiet' };
  const twice = (second: object) =>
    written('twice', { retrain: { ...retrain, plugins: [quiet, { ...quiet, ...second }] } });
  await expect(checkParts(await loadRecipe(await twice({})))).rejects.toMatchObject({
    code: 'PLUGIN_DUPLICATE',
    where: 'recipe, retrain.plugins.1: plugin "quiet"',
    fix: expect.stringContaining("as: 'second'"),
  });
  const recipe = await loadRecipe(await twice({ as: 'second' }));
  await checkParts(recipe);
  const { name, instanceOf } = await loadPlugin(recipe.retrain.plugins[1]!, recipe.from);
  expect({ name, instanceOf }).toEqual({ name: 'second', instanceOf: 'quiet' });
});

test.each(['plugin', 'analysis', 'selector'])(
  'a %s of another contract is refused',
  async (kind) => {
    const use = { use: `./old.mjs#${kind}` };
    const old = `
export const plugin = () => ({ name: 'old', contract: 2, setup: () => ({}) });
export const analysis = () => ({ name: 'old', contract: 2, measure: async () => ({}) });
export const selector = Object.assign(() => ({}), { kind: 'token selector', contract: 2 });
`;
    await writeFile(folder.at('project', 'recipes', 'old.mjs'), old);
    const recipe = await written(
      'old',
      {
        plugin: { retrain: { ...retrain, plugins: [use] } },
        analysis: { analyses: [use] },
        selector: {
          dense: retrain,
          prune: { method: 'bottom-up-cascade', epsilon: 1, tokenSelector: use },
        },
      }[kind]!,
    );
    await expect(checkParts(await loadRecipe(recipe))).rejects.toMatchObject({
      code: 'EXTENSION_CONTRACT',
      found: 'built against contract 2; this @kcr/core speaks contract 1',
    });
  },
);
