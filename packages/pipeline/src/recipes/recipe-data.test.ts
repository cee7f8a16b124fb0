import { expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { MODULE } from '../testing/brightness.ts';
import { temporaryFolder, tinyRecipe, tinySwin, writeClassFolders } from '../testing/tiny.ts';
import { parseRecipe } from './parse-recipe.ts';
import { recipeData } from './recipe-data.ts';

const bright = { kind: `${MODULE}#bright` as const, images: 3 };

test("images are read from the given folder, or from the recipe's, as the model takes them", async () => {
  await using folder = await temporaryFolder();
  for (const part of ['train', 'test']) await writeClassFolders(folder.at(part));
  const data = { normalization: { mean: [0.5], std: [0.25] } };
  const elsewhere = await parseRecipe({ ...tinyRecipe, data: { root: 'nowhere', ...data } }, 'x');
  const here = await parseRecipe({ ...tinyRecipe, data: { root: folder.root, ...data } }, 'x');
  for (const sets of [await recipeData(elsewhere, { root: folder.root }), await recipeData(here)]) {
    expect(sets.train.classes).toEqual(['dark', 'light']);
    const { image } = await sets.test.batch(Int32Array.of(0, 3));
    expect(image.shape).toEqual([2, 8, 8, 3]);
    // Grey of 30 and of 210 on the scale of 255.
    expect(image.data[0]).toBeCloseTo((30 / 255 - 0.5) / 0.25, 5);
    expect(image.data.at(-1)).toBeCloseTo((210 / 255 - 0.5) / 0.25, 5);
  }
});

test('a kind of data of a third party is read by it', async () => {
  const model = { ...tinySwin, head: { name: 'mean', module: MODULE } };
  const recipe = await parseRecipe({ ...tinyRecipe, model, data: { ...bright, root: '.' } }, 'x');
  const events: PipelineEvent[] = [];
  const { train, test } = await recipeData(recipe, { on: (event) => events.push(event) });
  expect([train.length, test.length]).toEqual([3, 5]);
  expect(events).toEqual([]);
});

test('DATA_ROOT without a folder, DATA_TASK for data of another task', async () => {
  const bare = await parseRecipe({ ...tinyRecipe, data: {} }, 'x');
  await expect(recipeData(bare)).rejects.toMatchObject({ code: 'DATA_ROOT' });
  const other = await parseRecipe({ ...tinyRecipe, data: { ...bright, root: '.' } }, 'x');
  await expect(recipeData(other)).rejects.toMatchObject({
    code: 'DATA_TASK',
    found: `data of kind ${MODULE}#bright for classification`,
    fix: expect.stringContaining('classes'),
  });
});
