import { readFile, writeFile } from 'node:fs/promises';
import { adapt } from '@kcr/core';
import { withHead } from '@kcr/detect';
import { qkMask } from '@kcr/masks';
import { expect, test } from 'vitest';
import { findModel } from './find-model.ts';
import { isCheckpoint, loadCheckpoint } from './load-checkpoint.ts';
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
  const { model } = await loadCheckpoint(folder.root);
  expect(model.architecture).toMatchObject({ name: 'mean', module: MODULE });
});

test('a folder is a checkpoint if it says what its model is', async () => {
  await using folder = await temporaryFolder();
  expect(isCheckpoint(folder.root)).toBe(false);
  await tinyCheckpoint(folder.root);
  expect(isCheckpoint(folder.root)).toBe(true);
  expect(isCheckpoint(folder.at('model.json'))).toBe(false);
});

test.each([
  ['ARCHITECTURE_UNKNOWN', { module: '@kcr/backbones', name: 'nothing' }],
  ['MODULE_LOAD', { module: '@nobody/nothing', name: 'vit' }],
])('%s where model.json names what is not there', async (code, architecture) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.root);
  const path = folder.at('model.json');
  const json = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...json, architecture }));
  await expect(loadCheckpoint(folder.root)).rejects.toMatchObject({ code });
});
