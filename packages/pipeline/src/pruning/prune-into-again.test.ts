import { readFile, rm, writeFile } from 'node:fs/promises';
import { Generator, type LoadedModel } from '@kcr/core';
import { seal } from '@kcr/core/internal';
import { describe, expect, test } from 'vitest';
import { parsePruning } from '../recipes/parse-recipe.ts';
import { eagerEngine, temporaryFolder, tinyCheckpoint, tinyImages } from '../testing/tiny.ts';
import { pruneInto } from './prune-into.ts';

const settings = await parsePruning(
  {
    allocator: 'uniform',
    criterion: { use: '@kcr/criteria#magnitude' },
    budget: 0.8,
    images: 4,
    batchSize: 2,
  },
  'test',
);

/** Prunes, and says of how many images scores were asked: of none where nothing was pruned. */
async function pruneTo(directory: string, loaded: LoadedModel) {
  let times = 0;
  const context = { train: tinyImages(4), engine: eagerEngine, seed: 0, trust: [] };
  const pruned = await pruneInto(directory, loaded, settings, {
    ...context,
    on: ({ type }) => {
      if (type === 'pruning') times++;
    },
  });
  return { ...pruned, times };
}

test('a pruned model is read again, and not pruned', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  const { times, weights, model } = await pruneTo(folder.at('x'), loaded);
  expect(times).toBe(1);
  expect(model.parameterCount).toBeLessThan(loaded.model.parameterCount);
  const again = await pruneTo(folder.at('x'), loaded);
  expect(again.times).toBe(0);
  expect(again.weights).toEqual(weights);
});

test('RESUME_MISMATCH: a model of other weights does not get what was left of the first', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  await pruneTo(folder.at('x'), loaded);
  const other = { ...loaded, weights: loaded.model.initialize(new Generator(1)) };
  await expect(pruneTo(folder.at('x'), other)).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
    where: folder.at('x', 'prune.json'),
    found: expect.stringContaining('another weights.initial (saved '),
  });
});

describe('a checkpoint that is not as it was is made again', () => {
  test.each(['model.json', 'model.safetensors'])('%s', async (file) => {
    await using folder = await temporaryFolder();
    const loaded = await tinyCheckpoint(folder.at('a'));
    await pruneTo(folder.at('x'), loaded);
    const path = folder.at('x', file);
    const made = await readFile(path);
    const damaged = Uint8Array.from(made);
    damaged[damaged.length - 3]! ^= 1;
    await writeFile(path, damaged);
    expect((await pruneTo(folder.at('x'), loaded)).times).toBe(1);
    expect(await readFile(path)).toEqual(made);
    await rm(path);
    expect((await pruneTo(folder.at('x'), loaded)).times).toBe(1);
    expect(await readFile(path)).toEqual(made);
  });
});

test('what was interrupted before its end is done again, with a checkpoint and without', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  await pruneTo(folder.at('x'), loaded);
  const path = folder.at('x', 'prune.json');
  const { identity } = JSON.parse(await readFile(path, 'utf8'));
  for (const file of ['none', 'model.json', 'model.safetensors']) {
    await writeFile(path, JSON.stringify(seal({ identity })));
    await rm(folder.at('x', file), { force: true });
    expect((await pruneTo(folder.at('x'), loaded)).times).toBe(1);
    expect((await pruneTo(folder.at('x'), loaded)).times).toBe(0);
  }
});

test('pruning that fails can be done with other settings', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  const engine = () => Promise.reject(new Error('failed'));
  const context = { train: tinyImages(4), engine, seed: 1, on: () => {}, trust: [] };
  await expect(pruneInto(folder.at('x'), loaded, settings, context)).rejects.toThrow('failed');
  expect((await pruneTo(folder.at('x'), loaded)).times).toBe(1);
});

test('STATE_DAMAGED: prune.json that is not as it was', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  await pruneTo(folder.at('x'), loaded);
  const path = folder.at('x', 'prune.json');
  const text = await readFile(path, 'utf8');
  for (const changed of [text.replace('"seed": 0', '"seed": 1'), text.slice(0, -9)]) {
    await writeFile(path, changed);
    await expect(pruneTo(folder.at('x'), loaded)).rejects.toMatchObject({
      code: 'STATE_DAMAGED',
      where: path,
    });
  }
});

test('OUT_EXISTS: a checkpoint that was not made by pruning', async () => {
  await using folder = await temporaryFolder();
  const loaded = await tinyCheckpoint(folder.at('a'));
  await expect(pruneTo(folder.at('a'), loaded)).rejects.toMatchObject({ code: 'OUT_EXISTS' });
});
