import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { adapt } from '@kcr/core';
import { withHead } from '@kcr/detect';
import { qkMask } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { findModel } from './find-model.ts';
import { isCheckpoint, loadCheckpoint } from './load-checkpoint.ts';
import { predict } from './predict.ts';
import { prune } from './prune.ts';
import { heads, MODULE } from './testing/brightness.ts';
import { temporaryFolder, tinyCheckpoint, tinyModel } from './testing/tiny.ts';

test('a model with adapters comes back with its weights and what is known of its input', async () => {
  await using folder = await temporaryFolder();
  const saved = await tinyCheckpoint(folder.root, adapt(await tinyModel(), [qkMask({})]));
  const { model, weights, info } = await loadCheckpoint(folder.root);
  expect(weights).toEqual(saved.weights);
  expect(info).toMatchObject(saved.info);
  expect(model.macs.total).toBe(saved.model.macs.total);
  expect(model.adapters.map(({ name }) => name)).toEqual(['qkMask']);
});

test('a head of a third party is found by the module that the file names', async () => {
  await using folder = await temporaryFolder();
  const swin = await findModel('swin_tiny_patch4_window7_224', {
    img_size: 32,
    window_size: 4,
    embed_dim: 8,
    depths: [1, 1],
    num_heads: [1, 2],
  });
  await tinyCheckpoint(folder.root, withHead(heads.mean, swin, {}));
  const { model } = await loadCheckpoint(folder.root, { trust: [MODULE] });
  expect(model.architecture).toMatchObject({ name: 'mean', module: MODULE });
  await expect(loadCheckpoint(folder.root)).rejects.toMatchObject({ code: 'CHECKPOINT_TRUST' });
});

test('a folder is a checkpoint if it says what its model is', async () => {
  await using folder = await temporaryFolder();
  expect(isCheckpoint(folder.root)).toBe(false);
  await tinyCheckpoint(folder.root);
  expect(isCheckpoint(folder.root)).toBe(true);
  expect(isCheckpoint(folder.at('model.json'))).toBe(false);
});

/** Makes a checkpoint's model.json another one. */
async function change(path: string, fields: object): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...json, ...fields }));
}

test.each([
  ['ARCHITECTURE_UNKNOWN', { module: '@kcr/backbones', name: 'nothing' }],
  ['ARCHITECTURE_UNKNOWN', { module: '@kcr/backbones', name: 'constructor' }],
  ['ARCHITECTURE_UNKNOWN', { module: '@kcr/backbones', name: '__proto__' }],
  ['MODULE_LOAD', { module: '@nobody/nothing', name: 'vit' }],
  ['MODULE_LOAD', { module: 'toString', name: 'vit' }],
])('%s where model.json names what is not there: %o', async (code, architecture) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.root);
  await change(folder.at('model.json'), { architecture });
  const trust = [architecture.module];
  await expect(loadCheckpoint(folder.root, { trust })).rejects.toMatchObject({ code });
});

test.each<[object, string]>([
  [{ depth: 1e7 }, 'depth'],
  [{ embed_dim: 1e9 }, 'embed_dim'],
  [{ img_size: 1e6 }, 'img_size'],
  [{ num_heads: 0 }, 'num_heads'],
  [{ toString: 1 }, 'toString'],
])('a model that cannot be is refused with file and field: %o', async (config, field) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.root);
  await change(folder.at('model.json'), { config });
  await expect(loadCheckpoint(folder.root)).rejects.toMatchObject({
    code: 'MODEL_CONFIG',
    where: `${folder.at('model.json')}, config of vit`,
    found: expect.stringContaining(field),
  });
});

describe('a module that a checkpoint brings along', () => {
  const vit = { module: '@kcr/backbones', name: 'vit' };

  test.each<[string, (module: string) => object]>([
    ['architecture', (module) => ({ architecture: { module, name: 'vit' } })],
    ['head', (module) => ({ architecture: { module, name: 'x', backbone: vit } })],
    [
      'backbone',
      (module) => ({
        architecture: {
          module: '@kcr/detect',
          name: 'upernet',
          backbone: { module, name: 'vit' },
        },
      }),
    ],
    ['adapter', (module) => ({ adapters: [{ module, name: 'x', options: {} }] })],
  ])('never runs as its %s, unless it is trusted by its very name', async (_, fields) => {
    await using folder = await temporaryFolder();
    const checkpoint = folder.at('downloaded');
    await tinyCheckpoint(checkpoint);
    const ran = folder.at('ran');
    const payload = folder.at('downloaded', 'payload.mjs');
    await writeFile(
      payload,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${JSON.stringify(ran)}, '');`,
    );
    const file = folder.at('downloaded', 'model.json');
    const before = await readFile(file, 'utf8');
    const near = `./${relative('.', payload)}`;
    const data = folder.root;
    for (const module of [payload, near, new URL(`file://${payload}`).href]) {
      await writeFile(file, before);
      await change(file, fields(module));
      const others = { trust: [`${module}x`, 'payload.mjs', '*', ''] };
      for (const read of [
        () => loadCheckpoint(checkpoint),
        () => loadCheckpoint(checkpoint, others),
        () => findModel(checkpoint),
        () => evaluate(checkpoint, { data, ...others }),
        () =>
          prune(checkpoint, {
            data,
            out: folder.at('out'),
            pruning: { allocator: 'macs', budget: 0.5 },
            ...others,
          }),
      ])
        await expect(read()).rejects.toMatchObject({
          code: 'CHECKPOINT_TRUST',
          where: file,
          found: expect.stringContaining(module),
          fix: expect.stringContaining(`--trust ${module}`),
        });
      await writeFile(folder.at('x.png'), '');
      const asked = { model: checkpoint, out: folder.at('out'), ...others };
      await expect(predict([folder.at('x.png')], asked)).rejects.toMatchObject({
        code: 'CHECKPOINT_TRUST',
      });
      expect(existsSync(ran)).toBe(false);
    }
    // The payload runs, and has nothing of the name.
    await expect(
      loadCheckpoint(checkpoint, { trust: [payload, near, new URL(`file://${payload}`).href] }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/_UNKNOWN$/),
    });
    expect(existsSync(ran)).toBe(true);
  });
});
