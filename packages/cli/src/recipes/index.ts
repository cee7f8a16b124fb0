import type { RecipeInput } from '../recipe.ts';
import { denseRecipes } from './dense.ts';
import { eurosatRecipes } from './eurosat.ts';
import { imagenetRecipes } from './imagenet.ts';
import { nucleiRecipes } from './nuclei.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [...imagenetRecipes, ...eurosatRecipes, ...denseRecipes, ...nucleiRecipes].map((recipe) => [
    recipe.name,
    recipe,
  ]),
);
