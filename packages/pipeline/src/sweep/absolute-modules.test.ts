import { expect, test } from 'vitest';
import { absoluteModules } from './absolute-modules.ts';

test('files of a recipe are named by their URLs, packages as they were', () => {
  const recipe = {
    name: './x',
    plugins: [{ use: './own.mjs#plugin' }, { use: '@kcr/masks#gumbelMasks' }],
    model: { head: { module: '../head.ts', name: 'mean' } },
    data: { root: './images', train: 'a#b' },
  };
  expect(absoluteModules(recipe, 'file:///a/b/recipe.mjs')).toEqual({
    ...recipe,
    plugins: [{ use: 'file:///a/b/own.mjs#plugin' }, { use: '@kcr/masks#gumbelMasks' }],
    model: { head: { module: 'file:///a/head.ts', name: 'mean' } },
  });
  expect(absoluteModules(recipe)).toBe(recipe);
});
