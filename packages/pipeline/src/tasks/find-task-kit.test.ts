import { type Architecture, classification } from '@kcr/core';
import { instanceDetection, semanticSegmentation, withHead } from '@kcr/detect';
import { expect, test } from 'vitest';
import { findModel } from '../find-model.ts';
import { heads, tasks } from '../testing/brightness.ts';
import { tinyModel, tinySwin } from '../testing/tiny.ts';
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
  const { architecture } = await tinyModel();
  const other = (module: string): { architecture: Architecture } => ({
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
