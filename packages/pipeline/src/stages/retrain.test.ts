import { existsSync } from 'node:fs';
import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { MODULE } from '../testing/brightness.ts';
import {
  temporaryFolder,
  tinyCheckpoint,
  tinyContext,
  tinyModel,
  tinyRecipe,
} from '../testing/tiny.ts';
import { retrainStage } from './retrain.ts';

const plugins = [{ use: `${MODULE}#counter`, options: {} }];
const retrain = { ...tinyRecipe.retrain, plugins };

test('trains into the folder of its name, with the plugins of the recipe or with others', async () => {
  await using folder = await temporaryFolder();
  const context = await tinyContext(folder.root, { retrain });
  const compact = { model: await tinyModel() };
  const own = await retrainStage.run({ compact }, context);
  const bare = await retrainStage.run({ compact, stage: 'compact-bare', plugins: [] }, context);
  expect(own.history[0]!.counted).toBe(1);
  expect(bare.history[0]).not.toHaveProperty('counted');
  for (const name of ['compact', 'compact-bare'])
    expect(existsSync(folder.at(name, 'model.json'))).toBe(true);
});

test('starts from the weights that it is given, else from those of the seed', async () => {
  await using folder = await temporaryFolder();
  const model = await tinyModel();
  const weights = model.initialize(new Generator(5));
  const still = { ...tinyRecipe.retrain, optimizer: { lr: 1e-12, minLr: 1e-12 } };
  const run = async (name: string, more: object, seed = 0) => {
    const context = await tinyContext(folder.at(name), { retrain: still }, { seed });
    return (await retrainStage.run({ compact: { model, ...more } }, context)).weights;
  };
  const name = 'blocks.0.mlp.fc1.weight';
  const given = (await run('given', { weights }))[name]!.data;
  given.forEach((x, i) => expect(x).toBeCloseTo(weights[name]!.data[i]!, 6));
  const [first, again, other] = [
    await run('first', {}),
    await run('again', {}),
    await run('other', {}, 1),
  ];
  expect(again[name]).toEqual(first[name]);
  expect(other[name]).not.toEqual(first[name]);
});

test('learns from a teacher, where there is one', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('teacher'));
  const compact = { model: await tinyModel() };
  const run = async (name: string, more: object) => {
    const context = await tinyContext(folder.at(name), {}, more);
    return (await retrainStage.run({ compact }, context)).history[0]!;
  };
  const plain = await run('plain', {});
  expect(plain.loss).toBeCloseTo(plain.crossEntropy!, 6);
  const taught = await run('taught', { teacher: folder.at('teacher') });
  expect(taught.loss! - taught.crossEntropy!).toBeGreaterThan(1e-6);
});
