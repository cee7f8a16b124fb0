import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import semver from 'semver';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { emptyFolder, npmrc, run } from './registry.ts';

const repository = resolve(import.meta.dirname, '../../..');
const pnpm = join(repository, 'node_modules/.bin/pnpm');
const registry = inject('registry');

/** The version that is here; those after it are published by the rehearsal. */
const first = inject('published')['@kcr/core']!.version;
const minor = semver.inc(first, 'minor')!;
const major = semver.inc(minor, 'major')!;
/** The range that packages write: `npm run references`. */
const OLD_RANGE = `>=${first} <${semver.inc(first, 'major')}`;

/** A plugin of others, as it is published for the version that is here. */
const PLUGIN = `import { definePlugin, tf } from '@kcr/core';
export const quiet = definePlugin({
  name: 'quiet',
  contract: 1,
  attach: ({ eta }) => () => ({
    loss: ({ logits }) => tf.mul(eta, tf.mean(tf.square(logits))),
    metrics: async ({ epoch }) => ({ heard: epoch + 1 }),
  }),
});
`;
/** As their authors write it, and as they do who do not know of peers. */
const plugins = {
  peer: { '@kcr-rehearsal/plugin': { peerDependencies: { '@kcr/core': OLD_RANGE } } },
  owner: { '@kcr-rehearsal/owner': { dependencies: { '@kcr/core': OLD_RANGE } } },
};

/** What a user runs: a model of one package is trained with the plugin of another. It says that all is right, or the code of the refusal. */
const program = (plugin: string) => `
const run = async () => {
  const { createModel } = await import('@kcr/backbones');
  const { createEagerEngine, fit, float32, Generator, int32 } = await import('@kcr/core');
  const { quiet } = await import('${plugin}');
  const generator = new Generator(0);
  const train = {
    length: 4,
    classes: ['a', 'b'],
    shape: [8, 8, 3],
    labels: Int32Array.of(0, 1, 0, 1),
    batch: async (indices) => ({
      image: float32([indices.length, 8, 8, 3], generator.array(indices.length * 192, 'normal')),
      label: int32([indices.length], indices.map((i) => i % 2)),
    }),
  };
  const config = { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 };
  const { history } = await fit({
    model: createModel('vit_tiny_patch16_224', config),
    engine: await createEagerEngine(),
    train, epochs: 1, batchSize: 2, seed: 0, optimizer: { lr: 1e-3 }, plugins: [quiet({ eta: 0.1 })],
  });
  const { loss, crossEntropy, heard } = history[0];
  return heard === 1 && loss > crossEntropy ? 'right' : JSON.stringify(history);
};
console.log(await run().catch((error) => error.code ?? error.stack));
`;

let root: string;
/** Users of npm and of pnpm, each with a folder that goes through the releases. */
let npmUser: string;
let pnpmUser: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-release-'));
  npmUser = await user('npm');
  pnpmUser = await user('pnpm');
  for (const [name, needs] of Object.entries({ ...plugins.peer, ...plugins.owner }))
    await publish(name, async (folder) => {
      await mkdir(folder);
      const manifest = { name, version: '1.0.0', type: 'module', exports: './index.js' };
      await writeFile(join(folder, 'package.json'), JSON.stringify(Object.assign(manifest, needs)));
      await writeFile(join(folder, 'index.js'), PLUGIN);
    });
});
afterAll(() => rm(root, { recursive: true }));

/** A folder with the user's programs in it. */
async function user(name: string): Promise<string> {
  const folder = await emptyFolder(root, name, registry);
  await writeFile(join(folder, 'package.json'), '{ "private": true }');
  for (const plugin of ['plugin', 'owner'])
    await writeFile(join(folder, `${plugin}.mjs`), program(`@kcr-rehearsal/${plugin}`));
  return folder;
}

/** Makes a folder, and publishes what is in it. */
async function publish(name: string, make: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(root, 'publish-'));
  const place = join(folder, name.replaceAll(/\W/g, '-'));
  await make(place);
  await writeFile(join(place, '.npmrc'), npmrc(registry));
  await run(place, 'npm', 'publish', '--access', 'public', '--ignore-scripts');
}

/**
 * Publishes a package as it is built here as another version.
 *
 * @param changes texts of package.json and of what is built that the version has others for
 */
const publishAs = (name: string, version: string, changes: Readonly<Record<string, string>> = {}) =>
  publish(`${name}-${version}`, async (folder) => {
    const built = join(repository, 'packages', name);
    await cp(join(built, 'dist'), join(folder, 'dist'), { recursive: true });
    const change = async (path: string, more: Readonly<Record<string, string>>) => {
      let text = await readFile(join(built, path), 'utf8');
      for (const [from, to] of Object.entries(more)) text = text.replaceAll(from, to);
      await writeFile(join(folder, path), text);
    };
    await change('package.json', {
      [`"version": "${first}"`]: `"version": "${version}"`,
      ...changes,
    });
    await change('dist/index.js', changes);
  });

const npm = (...args: string[]) => run(npmUser, 'npm', ...args);
const pnpmRun = (...args: string[]) => run(pnpmUser, pnpm, ...args);
const add = (...names: string[]) => pnpmRun('add', '--ignore-scripts', ...names);

/** What a user's program says. */
const said = async (folder: string, name = 'plugin') =>
  (await run(folder, process.execPath, `${name}.mjs`)).trim();

/** The place of the core that a package of a folder gets. */
async function coreOf(folder: string, name: string): Promise<string> {
  for (let at = await realpath(join(folder, 'node_modules', name)); ; at = dirname(at)) {
    const place = await realpath(join(at, 'node_modules/@kcr/core')).catch(() => undefined);
    if (place !== undefined) return place;
    if (at === dirname(at)) throw new Error(`${name} has no core`);
  }
}

/** The versions of core that a user's packages get, one for each copy. */
async function cores(folder: string, plugin = 'plugin'): Promise<string[]> {
  const names = ['@kcr/backbones', `@kcr-rehearsal/${plugin}`];
  const places = new Set(await Promise.all(names.map((name) => coreOf(folder, name))));
  const read = async (place: string) =>
    JSON.parse(await readFile(join(place, 'package.json'), 'utf8')).version;
  return Promise.all([...places].map(read));
}

/** What holds for both users. */
const both = async <T>(of: (folder: string) => Promise<T>) => {
  const [npm, pnpm] = await Promise.all([of(npmUser), of(pnpmUser)]);
  return { npm, pnpm };
};
const alike = <T>(value: T) => ({ npm: value, pnpm: value });

test('a plugin of others works with the core that it is published for', async () => {
  const names = ['@kcr/backbones', '@kcr-rehearsal/plugin'];
  await Promise.all([npm('install', ...names), add('@kcr/core', ...names)]);
  expect(await both(cores)).toEqual(alike([first]));
  expect(await both(said)).toEqual(alike('right'));
});

test('after a minor version of core there is one copy, of that version, and all goes on', async () => {
  await publishAs('core', minor);
  // pnpm updates what a project names by its own range, which ends at a minor version below 1.0.0.
  await Promise.all([npm('update'), add(`@kcr/core@${minor}`)]);
  expect(await both(cores)).toEqual(alike([minor]));
  expect(await both(said)).toEqual(alike('right'));
});

test('a major version of core is not taken by an update, and refused with a plugin of the version before', async () => {
  await publishAs('core', major, { 'CONTRACT_VERSION = 1;': 'CONTRACT_VERSION = 2;' });
  await publishAs('backbones', major, {
    [OLD_RANGE]: `^${major}`,
    'contract: 1,': 'contract: 2,',
  });
  await Promise.all([npm('update'), pnpmRun('update', '--ignore-scripts')]);
  expect(await both(cores)).toEqual(alike([minor]));
  expect(await both(said)).toEqual(alike('right'));

  await expect(npm('install', `@kcr/backbones@${major}`)).rejects.toThrow('ERESOLVE');
  // pnpm installs it and warns; npm does so for a core that is asked for by name.
  const [, warned] = await Promise.all([
    npm('install', '--force', `@kcr/core@${major}`, `@kcr/backbones@${major}`),
    add(`@kcr/core@${major}`, `@kcr/backbones@${major}`),
  ]);
  expect(warned).toContain('unmet peer @kcr/core');
  expect(await both(cores)).toEqual(alike([major]));
  expect(await both(said)).toEqual(alike('EXTENSION_CONTRACT'));
});

test('a plugin that brings a core of its own is refused where that is another one', async () => {
  await Promise.all([
    npm('install', '--force', '@kcr-rehearsal/owner'),
    add('@kcr-rehearsal/owner'),
  ]);
  expect(await both((folder) => cores(folder, 'owner'))).toEqual(alike([major, minor]));
  expect(await both((folder) => said(folder, 'owner'))).toEqual(alike('CORE_DUPLICATE'));
});
