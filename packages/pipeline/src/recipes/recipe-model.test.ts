import { models } from '@kcr/backbones';
import { prune, pruneState, saveModel } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { findModel } from '../find-model.ts';
import { MODULE } from '../testing/brightness.ts';
import { temporaryFolder, tinyCheckpoint, tinyRecipe, tinySwin } from '../testing/tiny.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { RecipeInput } from './recipe.ts';
import { onBackbone, recipeModel, wholeModel } from './recipe-model.ts';

const parse = (change: Partial<RecipeInput>) => parseRecipe({ ...tinyRecipe, ...change }, 'tiny');
const head = { name: 'mean', module: MODULE };

describe("a recipe's model", () => {
  test('is its entry with its options, and its input is normalised as the entry says', async () => {
    const { model, normalization } = await recipeModel(await parse({}));
    expect(model.inputShape).toEqual([8, 8, 3]);
    expect(normalization).toEqual(models.vit_tiny_patch16_224!.normalization);
  });

  test('takes the normalisation of the recipe, where it has one', async () => {
    const own = { mean: [0.5], std: [0.25] };
    const recipe = await parse({ data: { normalization: own } });
    expect((await recipeModel(recipe)).normalization).toEqual(own);
  });

  test('stands under its head', async () => {
    const { model } = await recipeModel(await parse({ model: { ...tinySwin, head } }));
    expect(model.architecture).toMatchObject({ name: 'mean', module: MODULE });
    expect(model.params.map(({ name }) => name)).toContain('fc.weight');
  });

  test('has its adapters as a whole, and none as the baseline', async () => {
    const recipe = await parse({ adapters: [{ use: '@kcr/masks#qkMask' }] });
    const [plain, whole] = [(await recipeModel(recipe)).model, await wholeModel(recipe)];
    expect(plain.adapters).toEqual([]);
    // One layer of 8 x 8 and a bias in the one block.
    expect(whole.parameterCount - plain.parameterCount).toBe(8 * 8 + 8);
  });

  test.each([
    ['MODEL_UNKNOWN', { model: { name: 'resnet50' } }],
    ['MODEL_CONFIG', { model: { name: 'mobilevit_s', config: { width: 2 } } }],
    ['HEAD_UNKNOWN', { model: { ...tinySwin, head: { name: 'nothing' } } }],
    ['MODULE_LOAD', { model: { ...tinySwin, head: { name: 'x', module: '@nobody/nothing' } } }],
  ])('%s where there is none', async (code, change) => {
    await expect(recipeModel(await parse(change))).rejects.toMatchObject({ code });
  });
});

describe("a recipe's model on the backbone of a checkpoint", () => {
  test('has its channels and weights, and draws those of the head by the seed', async () => {
    await using folder = await temporaryFolder();
    const dense = await tinyCheckpoint(
      folder.at('dense'),
      await findModel(tinySwin.name, tinySwin.config),
    );
    const kept = { 'layers.0.blocks.0.mlp.hidden': [1, 4, 7] };
    const pruned = prune(dense.model, kept);
    const weights = pruneState(dense.model, pruned, dense.weights);
    await saveModel(folder.at('pruned'), pruned, weights, dense.info);

    const recipe = await parse({ model: { ...tinySwin, head } });
    const { model, weights: own } = await onBackbone(recipe, folder.at('pruned'));
    expect(model.kept).toEqual({ 'backbone.layers.0.blocks.0.mlp.hidden': [1, 4, 7] });
    const shared = Object.keys(weights).filter((name) => own[`backbone.${name}`]);
    expect(shared).toContain('layers.0.blocks.0.mlp.fc1.weight');
    for (const name of shared) expect(own[`backbone.${name}`]).toEqual(weights[name]);
    model.checkState(own, 'made');
    const fc = async (seed: number) =>
      (await onBackbone({ ...recipe, seed }, folder.at('pruned'))).weights['fc.weight'];
    expect(await fc(0)).toEqual(own['fc.weight']);
    expect(await fc(1)).not.toEqual(own['fc.weight']);
  });

  test("takes the recipe's options over the checkpoint's", async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.root, await findModel(tinySwin.name, tinySwin.config));
    const larger = { ...tinySwin.config, img_size: 64 };
    const recipe = await parse({ model: { ...tinySwin, config: larger, head } });
    expect((await onBackbone(recipe, folder.root)).model.inputShape).toEqual([64, 64, 3]);
  });

  test('BACKBONE where there is no head, or the backbone is of another kind', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.root);
    await expect(onBackbone(await parse({}), folder.root)).rejects.toMatchObject({
      code: 'BACKBONE',
      found: 'a recipe without a head',
    });
    const other = await parse({ model: { ...tinySwin, head } });
    await expect(onBackbone(other, folder.root)).rejects.toMatchObject({
      code: 'BACKBONE',
      found: 'a vit for a recipe of swin',
    });
  });
});
