import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { MODULE } from './testing/brightness.ts';
import { tinyModel } from './testing/tiny.ts';
import { versionsOf } from './versions.ts';

const own = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const always = ['@kcr/backbones', '@kcr/core', '@kcr/data', '@kcr/onnx', '@kcr/pipeline'];

test('the packages of every run, and of the model’s architecture, have the versions of their package.json', async () => {
  const found = await versionsOf([await tinyModel()], {});
  expect(Object.keys(found)).toEqual(always);
  expect(new Set(Object.values(found))).toEqual(new Set([own.version]));
});

test('what settings name takes part, wherever they name it', async () => {
  const settings = [{ plugins: [{ use: '@kcr/masks#gumbelMasks', options: {} }] }, 'sharp#x'];
  const found = await versionsOf([await tinyModel()], settings);
  expect(Object.keys(found)).toEqual([...always, '@kcr/masks', 'sharp'].sort());
  expect(found.sharp).toMatch(/^\d+\.\d+\.\d+/);
});

test('a file is known by its content, and what is not there as unknown', async () => {
  const found = await versionsOf([await tinyModel()], { kind: `${MODULE}#x`, more: 'no-such#y' });
  const digest = createHash('sha256').update(await readFile(MODULE));
  expect(found[MODULE]).toBe(digest.digest('hex'));
  expect(found['no-such']).toBe('unknown');
});
