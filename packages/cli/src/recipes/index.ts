import type { RecipeInput } from '../recipe.ts';
import { eurosatRecipes } from './eurosat.ts';
import { imagenetRecipes } from './imagenet.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [...imagenetRecipes, ...eurosatRecipes].map((recipe) => [recipe.name, recipe]),
);
