import type { RecipeInput } from '../recipe.ts';
import { kcrMobilevitEurosat, kcrSwinEurosat, kcrVitEurosat } from './kcr-eurosat.ts';
import { kcrVitBase, kcrVitSmall } from './kcr-vit.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [kcrVitSmall, kcrVitBase, kcrVitEurosat, kcrSwinEurosat, kcrMobilevitEurosat].map((recipe) => [
    recipe.name,
    recipe,
  ]),
);
