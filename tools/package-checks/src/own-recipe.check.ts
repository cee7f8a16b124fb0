import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../../..');
const bin = join(repository, 'packages/cli/dist/bin.js');

/** A project with a recipe in TypeScript, a plugin in a file of it, and an adapter in a package; the command runs elsewhere. */
const PLUGIN = `import { type Plugin, KcrError } from '@kcr/core';
// What no version of Node takes out by itself.
enum Mode { Quiet = 'quiet' }
export const counter = (options: { mode?: Mode }): Plugin => ({
  name: 'counter',
  apiVersion: 1,
  contract: 1,
  options,
  setup: () => ({ metrics: async ({ epoch }) => ({ counted: epoch + 1 }) }),
}) as Plugin;
export const refusing = (): never => {
  throw new KcrError('their-package/NO', { where: 'here', found: Mode.Quiet, fix: 'nothing' });
};
`;

const recipe = (plugin: string) => `import { defineRecipe } from '@kcr/pipeline';
const epochs: number = 1;
export default defineRecipe({
  name: 'typed',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2 },
  },
  data: {},
  adapters: [{ use: 'their-package#same' }],
  retrain: {
    epochs,
    batchSize: 2,
    optimizer: { lr: 1e-3 },
    plugins: [{ use: './${plugin}' }],
  },
});
`;

const ADAPTER = `export const same = (options) => ({
  name: 'same', module: 'their-package', contract: 1, options, attach: () => (m, value) => value,
});
export const adapters = { same };
`;

const files = {
  'project/recipes/own.ts': PLUGIN,
  'project/recipes/recipe.ts': recipe('own.ts#counter'),
  'project/recipes/refused.ts': recipe('own.ts#refusing'),
  'project/node_modules/their-package/index.js': ADAPTER,
  'project/node_modules/their-package/package.json': JSON.stringify({
    name: 'their-package',
    type: 'module',
    exports: { import: './index.js' },
  }),
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-own-recipe-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await symlink(join(repository, 'node_modules/@kcr'), join(root, 'project/node_modules/@kcr'));
  for (const part of ['train', 'test'])
    for (const [label, grey] of Object.entries({ dark: 30, light: 200 })) {
      const folder = join(root, 'images', part, label);
      await mkdir(folder, { recursive: true });
      const background = { r: grey, g: grey, b: grey };
      for (const i of [0, 1])
        await sharp({ create: { height: 8, width: 8, channels: 3, background } }).toFile(
          join(folder, `${i}.png`),
        );
    }
});
afterAll(() => rm(root, { recursive: true }));

/** Runs the command in the folder above the project. */
const kcr = (...args: string[]) =>
  spawnSync(process.execPath, [bin, ...args], { cwd: root, encoding: 'utf8' });

test('a recipe in TypeScript runs with parts in TypeScript, and of a package that is installed beside it', async () => {
  const { status, stderr } = kcr(
    ...[
      'compress',
      'project/recipes/recipe.ts',
      '--data',
      'images',
      '--out',
      'run',
      '--engine',
      'eager',
    ],
  );
  expect(stderr).not.toContain('kcr:');
  expect(status).toBe(0);
  const log = await readFile(join(root, 'run/compact/metrics.jsonl'), 'utf8');
  expect(JSON.parse(log.split('\n')[0]!)).toMatchObject({ epoch: 1, counted: 1 });
  // Where the package is installed the checkpoint is read.
  const trust = ['--trust', 'their-package'];
  const read = execFileSync(
    process.execPath,
    [bin, 'inspect', '../run/compact', ...trust, '--json'],
    {
      cwd: join(root, 'project'),
      encoding: 'utf8',
    },
  );
  expect(JSON.parse(read).adapters).toMatchObject([{ name: 'same' }]);
});

test('what its parts throw is an error of the same core, with the field', () => {
  const { status, stderr } = kcr(
    ...['compress', 'project/recipes/refused.ts', '--data', 'images', '--out', 'never'],
  );
  expect(status).toBe(1);
  expect(stderr).toContain('kcr: their-package/NO\n');
  expect(stderr).toContain('where: recipe, retrain.plugins.0: here\n');
});

test('what the package has is listed, and what the recipe would run', () => {
  const listed = execFileSync(
    process.execPath,
    [bin, 'list', '--from', 'their-package', '--json'],
    {
      cwd: join(root, 'project'),
      encoding: 'utf8',
    },
  );
  expect(JSON.parse(listed)).toMatchObject([
    { kind: 'adapters', name: 'same', from: 'their-package#same' },
  ]);
  const { parts } = JSON.parse(
    kcr('inspect', 'project/recipes/recipe.ts', '--data', 'images', '--json').stdout,
  );
  expect(parts).toMatchObject([
    { field: 'adapters.0', module: join(root, 'project/node_modules/their-package/index.js') },
    { field: 'retrain.plugins.0', module: join(root, 'project/recipes/own.ts') },
  ]);
});
