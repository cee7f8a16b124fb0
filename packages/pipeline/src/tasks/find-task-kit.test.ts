import { writeFile } from 'node:fs/promises';
import { classification } from '@kcr/core';
import { instanceDetection, semanticSegmentation, withHead } from '@kcr/detect';
import { expect, test } from 'vitest';
import { findModel } from '../find-model.ts';
import { heads, tasks } from '../testing/brightness.ts';
import { temporaryFolder, tinyModel, tinySwin } from '../testing/tiny.ts';
import { findTaskKit, taskKits } from './find-task-kit.ts';

test('three kits come along, by the names of their tasks', async () => {
  const names = [classification, semanticSegmentation, instanceDetection].map(({ name }) => name);
  expect(Object.keys(taskKits)).toEqual(names);
  expect(await findTaskKit(await tinyModel())).toBe(taskKits.classification);
});

test("another task's kit is found in the module of the model's head", async () => {
  const swin = await findModel(tinySwin.name, tinySwin.config);
  const model = withHead(heads.mean, swin, {});
  expect(await findTaskKit(model)).toBe(tasks.brightness);
});

test('TASK_UNKNOWN where the module has none of that name', async () => {
  const { architecture, dims, taps } = await tinyModel();
  const other = (module: string): Parameters<typeof findTaskKit>[0] => ({
    dims,
    taps,
    architecture: { ...architecture, module, task: { ...classification, name: 'sorting' } },
  });
  await expect(findTaskKit(other('@kcr/masks'))).rejects.toMatchObject({
    code: 'TASK_UNKNOWN',
    fix: expect.stringContaining('tasks = { "sorting": ... }'),
  });
  await expect(findTaskKit(other('@nobody/nothing'))).rejects.toMatchObject({
    code: 'MODULE_LOAD',
  });
});

test('a kit of another contract, or one that needs what the model lacks, is refused', async () => {
  await using folder = await temporaryFolder();
  const path = folder.at('own.mjs');
  await writeFile(
    path,
    "export const tasks = { old: {}, wide: { contract: 1, needs: { roles: ['hiden'] } } };",
  );
  const { architecture, dims, taps } = await tinyModel();
  const kitFor = (name: string) => {
    const task = { ...classification, name };
    return findTaskKit({ dims, taps, architecture: { ...architecture, module: path, task } });
  };
  const where = (name: string) => `task kit "${name}"`;
  await expect(kitFor('old')).rejects.toMatchObject({
    code: 'EXTENSION_CONTRACT',
    where: where('old'),
  });
  await expect(kitFor('wide')).rejects.toMatchObject({
    code: 'EXTENSION_NEEDS',
    where: where('wide'),
  });
});
