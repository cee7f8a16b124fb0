import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { init } from './init.ts';
import { loadRecipe } from './recipes/load-recipe.ts';
import { temporaryFolder, writeGrey } from './testing/tiny.ts';

async function classFolders(root: string, images: number): Promise<void> {
  for (const name of ['dark', 'light']) {
    await mkdir(`${root}/${name}`, { recursive: true });
    for (let i = 0; i < images; i++) await writeGrey(`${root}/${name}/${i}.png`, 10 * i);
  }
}

test('one folder for each class is split, and the recipe runs as it is written', async () => {
  await using folder = await temporaryFolder();
  await classFolders(folder.at('photos'), 5);
  const found = await init(folder.at('photos'), { goal: 4 });
  expect(found).toMatchObject({ classes: ['dark', 'light'], train: 10, test: 0, perClass: [5, 5] });
  expect(found.text).toContain('20 % of each class are kept for testing');
  await writeFile(folder.at('photos.mjs'), found.text);
  const recipe = await loadRecipe(folder.at('photos.mjs'));
  expect(recipe).toMatchObject({
    name: 'photos',
    model: { name: 'deit_tiny_patch16_224', pretrained: 'hf://timm/deit_tiny_patch16_224.fb_in1k' },
    prune: { budget: 0.25 },
    dense: { initial: 'pretrained' },
  });
  expect(recipe.data.options).toMatchObject({ train: '.', test: { share: 0.2 } });
});

test.each(['prune', 'lfc', 'kcr'] as const)(
  'a split that is there is taken: %s',
  async (method) => {
    await using folder = await temporaryFolder();
    await classFolders(folder.at('d', 'train'), 3);
    await classFolders(folder.at('d', 'val'), 1);
    const found = await init(folder.at('d'), { method, model: 'swin_tiny_patch4_window7_224' });
    expect(found).toMatchObject({
      train: 6,
      test: 2,
      recipe: { data: { train: 'train', test: 'val' } },
    });
    await writeFile(folder.at('own.mjs'), found.text);
    expect(await loadRecipe(folder.at('own.mjs'))).toMatchObject({ name: 'd' });
  },
);

test.each([
  ['DATA_ROOT', 'nowhere', {}],
  ['OPTION', '.', { goal: 0.5 }],
  ['FOLDER_CLASSES', '.', {}],
])('%s', async (code, data, options) => {
  await using folder = await temporaryFolder();
  await expect(init(folder.at(data), options)).rejects.toMatchObject({ code });
});
