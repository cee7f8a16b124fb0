import { expect, test } from 'vitest';
import { parseRecipe } from '../recipes/parse-recipe.ts';
import { tinyRecipe } from '../testing/tiny.ts';
import { compactModel } from './compact-model.ts';

test('is the model of the recipe with its adapters and the chosen channels, without weights', async () => {
  const adapters = [{ use: '@kcr/masks#qkMask' }];
  const recipe = await parseRecipe({ ...tinyRecipe, adapters }, 'x');
  const whole = await compactModel(recipe, {});
  const compact = await compactModel(recipe, { 'blocks.0.mlp.hidden': [0, 3] });
  expect(compact.model.kept).toEqual({ 'blocks.0.mlp.hidden': [0, 3] });
  expect(compact.weights).toBeUndefined();
  expect(compact.model.adapters).toHaveLength(1);
  // 30 of 32 hidden channels are gone, each with 8 weights in, a bias and 8 weights out.
  expect(whole.model.parameterCount - compact.model.parameterCount).toBe(30 * (8 + 1 + 8));
});
