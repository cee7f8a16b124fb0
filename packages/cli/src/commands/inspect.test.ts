import { writeFile } from 'node:fs/promises';
import { adapt, prune } from '@kcr/core';
import { qkMask } from '@kcr/masks';
import { findModel } from '@kcr/pipeline';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, tinyVit, writeClassFolders } from '../testing.ts';

const config = JSON.stringify(tinyVit.config);

test('a model has its parameters, multiply-accumulates, dimensions and maps', async () => {
  const { out, err } = await kcr('inspect', tinyVit.name, '--config', config, '--json');
  expect(err).toBe('');
  const { params, macs, adapters, dims, featureMaps } = JSON.parse(out);
  // Patches 4 x 4 x 3 x 8 + 8, class token 8, positions 5 x 8, a block, the last norm 16, a classifier 8 x 2 + 2.
  const block = 16 + (8 * 24 + 24) + (8 * 8 + 8) + 16 + (8 * 32 + 32) + (32 * 8 + 8);
  expect(params).toBe(392 + 8 + 40 + block + 16 + 18);
  expect(macs.total).toBeGreaterThan(0);
  expect(adapters).toEqual([]);
  const hidden = dims.find(({ name }: { name: string }) => name === 'blocks.0.mlp.hidden');
  expect(hidden).toMatchObject({ role: 'hidden', size: 32, full: 32, prunable: true });
  expect(featureMaps).toEqual([expect.objectContaining({ stride: 4, height: 2, width: 2 })]);
});

test('for people it has a section for dimensions, maps and taps', async () => {
  await using folder = await temporaryFolder();
  const model = await findModel(tinyVit.name, tinyVit.config);
  await tinyCheckpoint(folder.root, prune(model, { 'blocks.0.mlp.hidden': [0, 5, 9] }));
  const { out } = await kcr('inspect', folder.root);
  expect(out).toMatch(
    /^params +853\nmacs\.linear +3,072\nmacs\.attention +400\nmacs\.total +3,472\n/,
  );
  for (const title of ['dimensions', 'feature maps', 'taps']) expect(out).toContain(`\n${title}\n`);
  expect(out).toMatch(/blocks\.0\.mlp\.hidden +3 of 32/);
  expect(out).toMatch(/embed +8 +fixed/);
  expect(out).toContain('stride 4  2 x 2 x 8');
});

test('each adapter has what it adds', async () => {
  await using folder = await temporaryFolder();
  const model = await findModel(tinyVit.name, tinyVit.config);
  await tinyCheckpoint(folder.root, adapt(model, [qkMask({ separate: true })]));
  const { adapters, params } = JSON.parse((await kcr('inspect', folder.root, '--json')).out);
  // Two layers of 8 x 8 with biases.
  expect(adapters).toEqual([{ name: 'qkMask', params: 2 * (8 * 8 + 8), macs: expect.any(Number) }]);
  expect(params - adapters[0].params).toBe(model.parameterCount);
  expect((await kcr('inspect', folder.root)).out).toMatch(/by qkMask\.params +144\n/);
});

test.each([
  ['MODEL_UNKNOWN', ['resnet50']],
  ['MODEL_CONFIG', [tinyVit.name, '--config', '{img}']],
  ['MODEL_CONFIG', [tinyVit.name, '--config', '{"image": 8}']],
])('%s for %j', async (said, args) => {
  const { err, out, code } = await kcr('inspect', ...args);
  expect(err).toContain(`kcr: ${said}\n`);
  expect([out, code]).toEqual(['', 1]);
});

test('of a recipe it says what would run', async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at('data', part));
  const path = folder.at('recipe.json');
  const training = { epochs: 3, batchSize: 2, optimizer: { lr: 1 } };
  const recipe = {
    name: 'mine',
    model: tinyVit,
    data: {},
    dense: training,
    prune: { criterion: { use: '@kcr/criteria#magnitude' }, allocator: 'macs', budget: 0.5 },
    retrain: training,
  };
  await writeFile(path, JSON.stringify(recipe));
  const { out, err } = await kcr('inspect', path, '--data', folder.at('data'));
  expect(err).toBe('');
  expect(out).toMatch(/^recipe +mine\n/);
  expect(out).toMatch(/\ndata\.train +4\n/);
  expect(out).toMatch(
    /\nstages\nname +epochs +steps\ndense +3 +6 +trains the whole model, from scratch\npruned +takes out channels by @kcr\/criteria#magnitude, macs 0\.5, one-shot\ncompact +3 +6 +trains what is left, from pruned\nanalysis /,
  );
  expect(out).toMatch(/\nprune\.criterion +criterion +@kcr\/criteria#magnitude +@kcr\/criteria\n/);
  const { stages, data } = JSON.parse((await kcr('inspect', path, '--json')).out);
  expect(stages.map(({ name }: { name: string }) => name)).toEqual([
    'dense',
    'pruned',
    'compact',
    'analysis',
  ]);
  expect(data).toBeUndefined();
  expect((await kcr('inspect', path)).out).toContain('no folder given: --data');
});
