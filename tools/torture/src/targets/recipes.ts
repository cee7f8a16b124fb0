import { join } from 'node:path';
import { loadRecipe, recipes } from '@kcr/pipeline';
import { oneOf } from '../mutate-bytes.ts';
import { type Json, mutateJson } from '../mutate-json.ts';
import { type Reader, requireFinite } from '../target.ts';

/** `loadRecipe`: all numbers are finite. */
export const recipe: Reader = {
  name: 'recipe-json',
  async ready(folder) {
    const all = Object.values(recipes).map((own) => JSON.parse(JSON.stringify(own)) as Json);
    return {
      mutate: (generator) => ({ 'recipe.json': mutateJson(generator, oneOf(generator, all)) }),
      read: async () => requireFinite(await loadRecipe(join(folder, 'recipe.json')), 'the recipe'),
    };
  },
};
