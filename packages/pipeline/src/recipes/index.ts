import { cocoRecipes } from './coco.ts';
import { eurosatRecipes } from './eurosat.ts';
import { imagenetRecipes } from './imagenet.ts';
import { nucleiRecipes } from './nuclei.ts';
import type { RecipeInput } from './recipe.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [...imagenetRecipes, ...eurosatRecipes, ...cocoRecipes, ...nucleiRecipes].map((recipe) => [
    recipe.name,
    recipe,
  ]),
);
