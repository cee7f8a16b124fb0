import type { RecipeInput } from '../recipe.ts';
import { kcrVitBase, kcrVitSmall } from './kcr-vit.ts';
import { kcrVitEurosat } from './kcr-vit-eurosat.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [kcrVitSmall, kcrVitBase, kcrVitEurosat].map((recipe) => [recipe.name, recipe]),
);
