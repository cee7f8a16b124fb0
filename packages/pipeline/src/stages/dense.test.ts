import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { loadCheckpoint } from '../load-checkpoint.ts';
import { temporaryFolder, tinyCheckpoint, tinyContext, tinyRecipe } from '../testing/tiny.ts';
import { denseStage } from './dense.ts';

const dense = tinyRecipe.retrain;

test('a recipe that trains none and is given none has none', async () => {
  await using folder = await temporaryFolder();
  expect(await denseStage.run(undefined, await tinyContext(folder.root))).toBeUndefined();
});

test("the recipe's model is trained into its folder, without adapters", async () => {
  await using folder = await temporaryFolder();
  const events: PipelineEvent[] = [];
  const recipe = { dense, adapters: [{ use: '@kcr/masks#qkMask' }] };
  const context = await tinyContext(folder.root, recipe, { on: (event) => events.push(event) });
  const result = await denseStage.run(undefined, context);
  expect(result).toEqual({ directory: folder.at('dense') });
  expect(events[0]).toEqual({ type: 'training', stage: 'dense', epochs: 1 });
  const { model, info } = await loadCheckpoint(folder.at('dense'));
  expect(model.adapters).toEqual([]);
  expect(info.classes).toEqual(['dark', 'light']);
});

test('weights from elsewhere, a checkpoint or a file, take the place of training', async () => {
  await using folder = await temporaryFolder();
  const given = await tinyCheckpoint(folder.at('given'));
  for (const weights of [folder.at('given'), folder.at('given', 'model.safetensors')]) {
    const events: PipelineEvent[] = [];
    const on = (event: PipelineEvent) => events.push(event);
    const context = await tinyContext(folder.at('run'), { dense }, { weights, on });
    expect(await denseStage.run(undefined, context)).toEqual({
      directory: folder.at('run', 'dense'),
    });
    // A file names no classes.
    const inOrder = expect.stringMatching(/classes taken in order.*0 is dark, 1 is light$/);
    const named = weights === folder.at('given');
    expect(events).toEqual([
      ...(named ? [] : [{ type: 'imported', where: weights, text: inOrder }]),
      { type: 'imported', where: 'dense', text: `not trained: it has the weights of ${weights}` },
    ]);
    const saved = await loadCheckpoint(folder.at('run', 'dense'));
    expect(saved.weights).toEqual(given.weights);
    expect(saved.info).toMatchObject({
      classes: ['dark', 'light'],
      input: context.data.test.input,
    });
  }
});

test('weights of another model are refused', async () => {
  await using folder = await temporaryFolder();
  await tinyCheckpoint(folder.at('given'));
  const model = { ...tinyRecipe.model, config: { ...tinyRecipe.model.config, depth: 2 } };
  const context = await tinyContext(folder.root, { model }, { weights: folder.at('given') });
  await expect(denseStage.run(undefined, context)).rejects.toMatchObject({ code: 'STATE_DICT' });
});
