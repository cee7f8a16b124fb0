import { readFile } from 'node:fs/promises';
import { type Dataset, float32, writeSafetensors } from '@kcr/core';
import { seal } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import {
  temporaryFolder,
  tinyCheckpoint,
  tinyContext,
  tinyImages,
  tinyRecipe,
} from '../testing/tiny.ts';
import { searchStage } from './search.ts';

const search = {
  ...tinyRecipe.retrain,
  architectureShare: 0.5,
  plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['hidden'], budget: 0.9 } }],
};

test('chooses channels and keeps them with the model that they are of', async () => {
  await using folder = await temporaryFolder();
  const { kept } = await searchStage.run(undefined, await tinyContext(folder.root, { search }));
  const channels = kept['blocks.0.mlp.hidden']!;
  expect(channels.length).toBeGreaterThan(0);
  expect(channels.length).toBeLessThan(32);
  const file = JSON.parse(await readFile(folder.at('search', 'selection.json'), 'utf8'));
  expect(file).toEqual(seal({ model: tinyRecipe.model, kept }));
});

test('sees the classes alone that the seed draws, where the recipe says how many', async () => {
  await using folder = await temporaryFolder();
  const seen = { train: new Set<number>(), test: new Set<number>() };
  const watched = (images: Dataset, split: keyof typeof seen): Dataset => ({
    ...images,
    batch: (indices, generator) => {
      for (const i of indices) seen[split].add(images.labels[i]!);
      return images.batch(indices, generator);
    },
  });
  const data = { train: watched(tinyImages(8), 'train'), test: watched(tinyImages(4), 'test') };
  const run = async (name: string, more: object) =>
    searchStage.run(
      undefined,
      await tinyContext(folder.at(name), { search: { ...search, ...more } }, { data }),
    );
  const { classes } = tinyImages(1);
  await run('one', { classes: 1 });
  const file = JSON.parse(await readFile(folder.at('one', 'search', 'selection.json'), 'utf8'));
  expect(file.classes).toHaveLength(1);
  const drawn = [classes.indexOf(file.classes[0])];
  expect([...seen.train]).toEqual(drawn);
  expect([...seen.test]).toEqual(drawn);
  await run('all', {});
  expect([...seen.train].sort()).toEqual([0, 1]);
  expect([...seen.test].sort()).toEqual([0, 1]);
});

test('RECIPE_INVALID without a search, TASK_CLASSES where images have no class to choose by', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root);
  await expect(searchStage.run(undefined, context)).rejects.toMatchObject({
    code: 'RECIPE_INVALID',
  });
  const { labels: _, ...unlabelled } = tinyImages(4);
  const data = { train: unlabelled, test: unlabelled };
  const some = await tinyContext(folder.root, { search: { ...search, classes: 1 } }, { data });
  await expect(searchStage.run(undefined, some)).rejects.toMatchObject({ code: 'TASK_CLASSES' });
});

test('on frozen weights of the dense model leaves them as they are', async () => {
  await using folder = await temporaryFolder();
  const frozen = { ...search, initial: 'dense' as const, freezeWeights: true };
  const context = await tinyContext(folder.root, { search: frozen });
  await expect(searchStage.run(undefined, context)).rejects.toMatchObject({ code: 'PRUNE_DENSE' });
  const { weights } = await tinyCheckpoint(folder.at('dense'));
  const found = await searchStage.run(undefined, context);
  expect(found.weights).toEqual(weights);
  const other = { ...weights, 'head.bias': float32([2], [1, 2]) };
  await writeSafetensors(folder.at('dense', 'model.safetensors'), { tensors: other, metadata: {} });
  await expect(searchStage.run(undefined, context)).rejects.toMatchObject({
    code: 'RESUME_MISMATCH',
    found: expect.stringContaining('weights.initial'),
  });
});
