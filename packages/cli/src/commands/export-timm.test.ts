import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { prune, pruneState, readSafetensors, saveModel } from '@kcr/core';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint } from '../testing.ts';

const exported = (model: string, out: string, ...options: string[]) =>
  kcr('export', model, '--out', out, '--for', 'timm', ...options);

test('what kcr export writes for timm, kcr import reads as the same checkpoint', async () => {
  await using folder = await temporaryFolder();
  const { model, weights, info } = await tinyCheckpoint(folder.at('dense'));
  const compact = prune(model, { 'blocks.0.mlp.hidden': [1, 2, 5, 9, 30] });
  await saveModel(folder.at('model'), compact, pruneState(model, compact, weights), info);
  const [out, back] = [folder.at('timm'), folder.at('back')];
  const { out: said, err } = await exported(folder.at('model'), out, '--json');
  expect(err).toBe('');
  const file = folder.at('timm', 'model.safetensors');
  expect(JSON.parse(said)).toEqual({ folder: out, file, bytes: expect.any(Number) });
  expect((await readdir(out)).sort()).toEqual(['config.json', 'model.safetensors']);
  await kcr('import', out, '--out', back);
  const tensorsOf = async (name: string) =>
    (await readSafetensors(folder.at(name, 'model.safetensors'))).tensors;
  expect(await tensorsOf('back')).toEqual(await tensorsOf('model'));
});

test('EXPORT_FORM names what timm has not, and what holds it', async () => {
  await using folder = await temporaryFolder();
  const { model, weights, info } = await tinyCheckpoint(folder.at('dense'));
  const compact = prune(model, { 'blocks.0.mlp.io': [0, 1] });
  await saveModel(folder.at('model'), compact, pruneState(model, compact, weights), info);
  const { err, code } = await exported(folder.at('model'), folder.at('timm'));
  expect(code).toBe(1);
  expect(err).toContain('kcr: EXPORT_FORM\n');
  expect(err).toMatch(/blocks.0.mlp.io\n.*2 of 8 channels, taken by index/);
  expect(err).toContain('--out FILE.onnx');
  expect(existsSync(folder.at('timm', 'config.json'))).toBe(false);
});

test('OUT_EXISTS for a folder that has something in it, such as the checkpoint', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  const before = await readSafetensors(folder.at('model', 'model.safetensors'));
  const { err, code } = await exported(folder.at('model'), folder.at('model'));
  expect([err, code]).toEqual([expect.stringContaining('kcr: OUT_EXISTS\n'), 1]);
  expect(await readSafetensors(folder.at('model', 'model.safetensors'))).toEqual(before);
  expect((await readdir(folder.at('model'))).sort()).toEqual(['model.json', 'model.safetensors']);
});

test.each([
  ['--precision', 'fp16'],
  ['--opset', '17'],
  ['--check', 'images'],
  ['--images', '4'],
])('OPTION for %s, which ONNX files alone have', async (...option) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('model'));
  const { err, code } = await exported(folder.at('model'), folder.at('timm'), ...option);
  expect([err, code]).toEqual([expect.stringContaining('kcr: OPTION\n'), 1]);
  expect(err).toContain(option[0]);
  expect(existsSync(folder.at('timm'))).toBe(false);
});
