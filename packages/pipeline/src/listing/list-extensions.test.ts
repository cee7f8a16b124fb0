import { writeFile } from 'node:fs/promises';
import { adapters as criteriaAdapters, magnitude } from '@kcr/criteria';
import { heads as detectHeads } from '@kcr/detect';
import { describe, expect, test } from 'vitest';
import { importExport } from '../modules.ts';
import { temporaryFolder } from '../testing/tiny.ts';
import { extensionsOf } from './extension-kinds.ts';
import { listExtensions, listKinds } from './list-extensions.ts';

test('all that comes along has a name, a few words and a place; each name once', async () => {
  const all = await listExtensions();
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(listKinds));
  for (const { name, is, from } of all) {
    expect(name).not.toBe('');
    expect(is, name).not.toBe('');
    expect(is.length, is).toBeLessThan(100);
    expect(from, name).toMatch(/^@kcr\/[a-z-]+(#\w+)?$/);
  }
  const keys = all.map(({ kind, name, from }) => `${kind} ${name} ${from}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test('what is written as MODULE#EXPORT is there', async () => {
  for (const { kind, from } of await listExtensions())
    if (kind !== 'models' && from.includes('#'))
      expect(typeof (await importExport(from)), from).toBe('function');
  const heads = await listExtensions('heads');
  expect(heads.map(({ name }) => name)).toEqual(Object.keys(detectHeads));
});

test('one kind alone', async () => {
  const found = await listExtensions('criteria');
  expect(found).toContainEqual({
    kind: 'criteria',
    name: 'magnitude',
    is: 'the norms of weights',
    from: '@kcr/criteria#magnitude',
  });
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['criteria']));
  const models = await listExtensions('models');
  expect(models).toContainEqual({
    kind: 'models',
    name: 'swin_tiny_patch4_window7_224',
    is: 'swin, 224 px',
    from: '@kcr/backbones',
  });
});

test('a kind that is none, and one that is nearly right', async () => {
  await expect(listExtensions('plugin')).rejects.toMatchObject({
    code: 'OPTION',
    fix: expect.stringMatching(/^Did you mean plugins\? Use one of models, /),
  });
});

describe('the extensions of a module', () => {
  test('are what its makers and tables say, without a call', async () => {
    await using folder = await temporaryFolder();
    const path = folder.at('theirs.mjs');
    await writeFile(
      path,
      `const maker = (kind) => Object.assign(() => { throw new Error('called'); }, { kind, contract: 1 });
       export const quiet = Object.assign(maker('plugin'), { about: 'pulls features to 0' });
       export const later = maker('allocator');
       export const norms = maker('token selector');
       export const gain = maker('adapter');
       export const adapters = { gain };
       export const tuning = maker('nothing that is known');
       export const helper = () => { throw new Error('called'); };
       const architecture = { name: 'pvt', configure: (config) => ({ img_size: 32, ...config }) };
       export const models = { pvt_micro: { architecture, config: {} } };
       export const heads = { seg: helper };`,
    );
    expect(await listExtensions(undefined, path)).toEqual([
      { kind: 'models', name: 'pvt_micro', is: 'pvt, 32 px', from: `${path}#pvt_micro` },
      { kind: 'allocators', name: 'later', is: '', from: `${path}#later` },
      { kind: 'plugins', name: 'quiet', is: 'pulls features to 0', from: `${path}#quiet` },
      { kind: 'adapters', name: 'gain', is: '', from: `${path}#gain` },
      { kind: 'selectors', name: 'norms', is: '', from: `${path}#norms` },
      { kind: 'heads', name: 'seg', is: '', from: path },
    ]);
    expect(await listExtensions('criteria', path)).toEqual([]);
  });

  test('that comes along have their words', async () => {
    const found = await listExtensions(undefined, '@kcr/lfc');
    expect(found.map(({ kind, name, from }) => [kind, name, from])).toEqual(
      expect.arrayContaining([
        ['criteria', 'lfs', '@kcr/lfc#lfs'],
        ['selectors', 'lfe', '@kcr/lfc#lfe'],
      ]),
    );
    expect(new Set(found.map(({ name }) => name)).size).toBe(found.length);
    const detect = await listExtensions('heads', '@kcr/detect');
    expect(detect.map(({ name, is }) => [name, is])).toContainEqual([
      'ssdlite',
      'boxes of objects in one stage (SSDLite)',
    ]);
  });

  test('that has none, or only adapters of saved models', () => {
    expect(extensionsOf({ models: undefined, helper: 1 })).toEqual([]);
    const gain = () => 1;
    expect(extensionsOf({ gain, adapters: { gain, other: gain } })).toEqual([
      { list: 'adapters', name: 'gain', about: '' },
    ]);
    expect(typeof magnitude).toBe('function');
    expect(extensionsOf({ ...criteriaAdapters, adapters: criteriaAdapters })).toHaveLength(4);
  });
});
