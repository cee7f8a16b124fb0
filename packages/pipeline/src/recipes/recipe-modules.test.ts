import { describe, expect, test } from 'vitest';
import { MODULE } from '../testing/brightness.ts';
import { tinyRecipe, tinySwin } from '../testing/tiny.ts';
import { parseRecipe } from './parse-recipe.ts';
import type { RecipeInput } from './recipe.ts';
import { pruningModules, recipeModules } from './recipe-modules.ts';

const parse = (change: Partial<RecipeInput>) => parseRecipe({ ...tinyRecipe, ...change }, 'tiny');

describe("the modules of a recipe's models", () => {
  test('of a backbone that comes along are its own alone', async () => {
    expect(await recipeModules(await parse({}))).toEqual(['@kcr/backbones']);
  });

  test('are those of head, adapters and token selector, and of nothing else', async () => {
    const recipe = await parse({
      model: { ...tinySwin, head: { name: 'mean', module: MODULE } },
      adapters: [{ use: '@kcr/masks#qkMask' }],
      data: { kind: `${MODULE}#bright`, images: 2 },
      prune: {
        method: 'bottom-up-cascade',
        epsilon: 1,
        tokenSelector: { use: './selectors.mjs#mine' },
      },
    });
    expect(new Set(await recipeModules(recipe))).toEqual(
      new Set([MODULE, '@kcr/backbones', '@kcr/masks', './selectors.mjs']),
    );
  });

  test('do not have those of plugins, criteria and analyses', async () => {
    const { retrain } = tinyRecipe;
    const recipe = await parse({
      retrain: { ...retrain, plugins: [{ use: './plugins.mjs#mine' }] },
      prune: { criterion: { use: './criteria.mjs#mine' }, budget: 0.5, allocator: 'macs' },
      analyses: [{ use: './analyses.mjs#mine' }],
    });
    expect(await recipeModules(recipe)).toEqual(['@kcr/backbones']);
    expect(pruningModules(recipe.prune)).toEqual([]);
  });
});
