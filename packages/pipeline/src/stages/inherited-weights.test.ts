import { Generator, pruneState } from '@kcr/core';
import { expect, test } from 'vitest';
import { wholeModel } from '../recipes/recipe-model.ts';
import { temporaryFolder, tinyCheckpoint, tinyContext } from '../testing/tiny.ts';
import { inheritedWeights } from './inherited-weights.ts';
import { inheritingModel } from './train-compact.ts';

test('are those of the folder of an earlier stage; adapters are drawn', async () => {
  await using folder = await temporaryFolder();
  const { weights } = await tinyCheckpoint(folder.at('dense'));
  const adapters = [{ use: '@kcr/masks#qkMask' }];
  const context = await tinyContext(folder.root, { adapters }, { seed: 3 });
  const whole = await wholeModel(context.recipe);
  const found = (await inheritedWeights('dense', whole, context))!;
  expect(Object.keys(found)).toEqual(whole.params.map(({ name }) => name));
  const drawn = whole.initialize(new Generator(3).fork('weights'));
  for (const [name, array] of Object.entries(found))
    expect(array, name).toEqual(weights[name] ?? drawn[name]);
  expect(await inheritedWeights('scratch', whole, context)).toBeUndefined();
});

test('are gathered for the channels that are kept', async () => {
  await using folder = await temporaryFolder();
  const { model, weights } = await tinyCheckpoint(folder.at('dense'));
  const context = await tinyContext(folder.root);
  const retrain = { ...context.recipe.retrain, initial: 'dense' as const };
  const inheriting = { ...context, recipe: { ...context.recipe, retrain } };
  const kept = { 'blocks.0.mlp.hidden': [1, 30] };
  const compact = await inheritingModel(kept, inheriting);
  expect(compact.weights).toEqual(pruneState(model, compact.model, weights));
  expect((await inheritingModel(kept, context)).weights).toBeUndefined();
});

test('PRUNE_DENSE where there is no such folder', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root);
  const whole = await wholeModel(context.recipe);
  await expect(inheritedWeights('dense', whole, context)).rejects.toMatchObject({
    code: 'PRUNE_DENSE',
    fix: 'Add `dense` to the recipe, or give `weights`',
  });
});
