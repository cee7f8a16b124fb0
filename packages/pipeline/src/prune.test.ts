import { readFile } from 'node:fs/promises';
import { withHead } from '@kcr/detect';
import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { findModel } from './find-model.ts';
import { prune } from './prune.ts';
import { heads } from './testing/brightness.ts';
import {
  eagerEngine,
  temporaryFolder,
  tinyCheckpoint,
  tinySwin,
  writeClassFolders,
} from './testing/tiny.ts';

const pruning = {
  criterion: { use: '@kcr/criteria#magnitude' },
  allocator: 'uniform' as const,
  budget: 0.5,
  dims: ['hidden'],
  batchSize: 2,
};

test('both models are measured, and the pruned one is what is evaluated from its folder', async () => {
  await using folder = await temporaryFolder();
  const { model } = await tinyCheckpoint(folder.at('dense'));
  await writeClassFolders(folder.at('data'));
  const engine = eagerEngine;
  const data = folder.at('data');
  const out = folder.at('out');
  const common = { data, out, pruning, engine };
  const result = await prune(folder.at('dense'), { ...common, test: data });
  const { before, after, macsShare, checkpoint } = result;
  expect(checkpoint).toBe(out);
  expect(before).toMatchObject({ params: model.parameterCount, macs: model.macs.total });
  expect(macsShare).toBe(after.macs / before.macs);
  // 16 of 32 hidden channels, each with 8 weights in, a bias and 8 weights out.
  expect(before.params - after.params).toBe(16 * (8 + 1 + 8));
  for (const [path, { top1 }] of [
    [folder.at('dense'), before],
    [out, after],
  ] as const)
    expect((await evaluate(path, { data, engine })).top1).toBe(top1);
  const report = await readFile(folder.at('out', 'report.html'), 'utf8');
  expect(report).toContain(`<td>${(100 * after.top1!).toFixed(1)} %</td>`);
  expect(report).toContain('Scores of hidden channels');
  // Without test images sizes alone.
  const sizes = await prune(folder.at('dense'), common);
  expect(sizes.after).toEqual({ params: after.params, macs: after.macs });
});

test('TASK_CLASSES for a model whose images have no classes, before any is read', async () => {
  await using folder = await temporaryFolder();
  const swin = await findModel(tinySwin.name, tinySwin.config);
  const model = withHead(heads.mean, swin, {});
  await tinyCheckpoint(folder.root, model);
  const trust = [model.architecture.module];
  const options = { data: 'nowhere', out: folder.at('out'), pruning, engine: eagerEngine, trust };
  await expect(prune(folder.root, options)).rejects.toMatchObject({ code: 'TASK_CLASSES' });
});

test.each([
  ['RECIPE_INVALID', { pruning: { allocator: 'macs' as const } }],
  ['FOLDER_READ', { data: 'nowhere' }],
  ['DIM_ROLES', { pruning: { ...pruning, dims: ['nothing'] } }],
])('%s', async (code, change) => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('dense'));
  await writeClassFolders(folder.at('data'));
  const given = { data: folder.at('data'), out: folder.at('out'), pruning, engine: eagerEngine };
  await expect(prune(folder.at('dense'), { ...given, ...change })).rejects.toMatchObject({ code });
});
