import { mkdir, rm } from 'node:fs/promises';
import { Generator, saveWeights } from '@kcr/core';
import { expect, test } from 'vitest';
import { stageContext } from './compress.ts';
import { GivenWeights, usesOf } from './given-weights.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { parseRecipe } from './recipes/parse-recipe.ts';
import type { RecipeInput } from './recipes/recipe.ts';
import { denseStage } from './stages/dense.ts';
import { inheritedWeights } from './stages/inherited-weights.ts';
import {
  temporaryFolder,
  tinyCheckpoint,
  tinyModel,
  tinyRecipe,
  writeGrey,
} from './testing/tiny.ts';

const training = tinyRecipe.retrain;

test('a run reads the weights once, keeps them for all its stages and then no longer', async () => {
  await using folder = await temporaryFolder();
  const model = await tinyModel();
  const file = folder.at('given.safetensors');
  const weights = model.initialize(new Generator(4));
  await saveWeights(model, weights, file);
  for (const name of ['dark', 'light']) {
    await mkdir(folder.at('data', 'train', name), { recursive: true });
    await writeGrey(folder.at('data', 'train', name, 'a.png'), 100);
  }
  const recipe: RecipeInput = {
    ...tinyRecipe,
    data: { root: folder.at('data'), test: 'train' },
    retrain: { ...training, initial: 'pretrained' },
  };
  await using context = await stageContext(recipe, { weights: file, out: folder.at('run') });
  await rm(file);
  await denseStage.run(undefined, context);
  expect((await loadCheckpoint(folder.at('run', 'dense'))).weights).toEqual(weights);
  expect(await inheritedWeights('pretrained', model, context)).toEqual(weights);
  await expect(inheritedWeights('pretrained', model, context)).rejects.toMatchObject({
    code: 'CHECKPOINT_READ',
  });
});

test('arrays are read when they are asked for, and only once', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.root);
  const given = new GivenWeights(folder.at('model.safetensors'), {});
  const seen = await given.look();
  const taken = await given.take();
  expect(await taken.tensors()).toBe(await seen.tensors());
});

const search = { ...training, architectureShare: 0.5 };
test.each<[string, Partial<RecipeInput>, boolean, number]>([
  ['the dense model’s', {}, false, 1],
  ['the same, to train on', { dense: { ...training, initial: 'pretrained' } }, false, 1],
  ['none', { dense: { ...training, initial: 'scratch' } }, false, 0],
  ['the search too', { search: { ...search, initial: 'pretrained' } }, false, 2],
  [
    'retraining and its controls too',
    { search, retrain: { ...training, initial: 'pretrained' }, controls: ['random'] },
    false,
    3,
  ],
  ['not of a backbone', { retrain: { ...training, initial: 'pretrained' } }, true, 1],
])('uses: %s', async (_, change, backbone, uses) => {
  const recipe = await parseRecipe({ ...tinyRecipe, ...change }, 'tiny');
  expect(usesOf(recipe, backbone)).toBe(uses);
});
