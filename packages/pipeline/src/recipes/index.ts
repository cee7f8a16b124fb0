import { cocoRecipes } from './coco.ts';
import { eurosatRecipes } from './eurosat.ts';
import { fineTuningRecipes } from './fine-tuning.ts';
import { imagenetRecipes } from './imagenet.ts';
import { nucleiRecipes } from './nuclei.ts';
import type { RecipeInput } from './recipe.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [
    ...fineTuningRecipes,
    ...imagenetRecipes,
    ...eurosatRecipes,
    ...cocoRecipes,
    ...nucleiRecipes,
  ].map((recipe) => [recipe.name, recipe]),
);
