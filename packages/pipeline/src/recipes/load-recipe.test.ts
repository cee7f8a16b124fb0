import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder, tinyRecipe } from '../testing/tiny.ts';
import { recipes } from './index.ts';
import { loadRecipe } from './load-recipe.ts';

test('a recipe comes by name, from JSON and from a module', async () => {
  await using folder = await temporaryFolder();
  expect((await loadRecipe('lfc-vit-eurosat')).retrain.epochs).toBe(10);
  await writeFile(folder.at('a.json'), JSON.stringify(tinyRecipe));
  await writeFile(folder.at('b.mjs'), `export default ${JSON.stringify(tinyRecipe)}`);
  await writeFile(folder.at('c.js'), `export default ${JSON.stringify(tinyRecipe)}`);
  const [a, b, c] = await Promise.all(
    ['a.json', 'b.mjs', 'c.js'].map((file) => loadRecipe(folder.at(file))),
  );
  expect(a!.model).toEqual(tinyRecipe.model);
  const from = (file: string) => pathToFileURL(folder.at(file)).href;
  expect(a!.from).toBe(from('a.json'));
  expect(b).toEqual({ ...a, from: from('b.mjs') });
  expect(c).toEqual({ ...a, from: from('c.js') });
});

test('learning rates fall as the papers have it: by steps with Swin, as a cosine on EfficientViT', async () => {
  const decay = async (name: string) => (await loadRecipe(name)).retrain.optimizer.decay;
  expect(await decay('cascade-mask-rcnn-kcr-swin-tiny-coco')).toEqual({
    milestones: [27 / 36, 33 / 36],
  });
  expect(await decay('mask-rcnn-dcs-efficientvit-b1-coco')).toBe('cosine');
});

test('a search on trained weights has a training that gives them', async () => {
  for (const [name, { dense, search }] of Object.entries(recipes))
    expect([name, search?.initial !== 'dense' || dense !== undefined]).toEqual([name, true]);
});

test('what is none says what it found', async () => {
  await using folder = await temporaryFolder();
  await writeFile(folder.at('broken.json'), '{"name":');
  await writeFile(folder.at('broken.mjs'), 'export default {');
  await writeFile(folder.at('empty.mjs'), 'export const recipe = 1;');
  await writeFile(folder.at('wrong.json'), '{}');
  for (const [path, code] of [
    ['nothing', 'RECIPE_UNKNOWN'],
    ['toString', 'RECIPE_UNKNOWN'],
    ['recipe.yaml', 'RECIPE_UNKNOWN'],
    [folder.at('nothing.json'), 'RECIPE_READ'],
    [folder.at('nothing.mjs'), 'RECIPE_READ'],
    [folder.at('broken.json'), 'RECIPE_READ'],
    [folder.at('broken.mjs'), 'RECIPE_READ'],
    [folder.at('empty.mjs'), 'RECIPE_INVALID'],
    [folder.at('wrong.json'), 'RECIPE_INVALID'],
  ])
    await expect(loadRecipe(path!)).rejects.toMatchObject({ code });
});

test('a module may throw anything, and export anything', async () => {
  await using folder = await temporaryFolder();
  const json = JSON.stringify(tinyRecipe);
  for (const [i, [text, code]] of (
    [
      ['throw null;', 'RECIPE_READ'],
      ['throw Object.create(null);', 'RECIPE_READ'],
      ['export default Promise.reject();', 'RECIPE_READ'],
      ['export default () => 1;', 'RECIPE_INVALID'],
      ['export default { get name() { throw 1; } };', 'RECIPE_INVALID'],
      [
        `export default { ...${json}, adapters: [{ use: 'a#b', options: { x: NaN } }] };`,
        'RECIPE_INVALID',
      ],
      [
        `const x = {}; x.x = x; export default { ...${json}, adapters: [{ use: 'a#b', options: x }] };`,
        'RECIPE_INVALID',
      ],
    ] as const
  ).entries()) {
    const path = folder.at(`${i}.mjs`);
    await writeFile(path, text);
    await expect(loadRecipe(path), text).rejects.toMatchObject({ code });
  }
});
