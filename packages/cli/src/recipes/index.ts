import type { RecipeInput } from '../recipe.ts';
import { dcsEfficientvitB1, dcsMobilevitS, dcsMobilevitXs } from './dcs.ts';
import {
  dcsArch1,
  dcsArch2,
  dcsMobilevitEurosat,
  dcsQkMask,
  kcrMobilevitEurosat,
  kcrSwinEurosat,
  kcrVitEurosat,
} from './eurosat.ts';
import { kcrVitBase, kcrVitSmall } from './kcr-vit.ts';

/** The recipes that come with the command, by name. */
export const recipes: Readonly<Record<string, RecipeInput>> = Object.fromEntries(
  [
    kcrVitSmall,
    kcrVitBase,
    kcrVitEurosat,
    kcrSwinEurosat,
    kcrMobilevitEurosat,
    dcsMobilevitS,
    dcsMobilevitXs,
    dcsEfficientvitB1,
    dcsMobilevitEurosat,
    dcsArch1,
    dcsArch2,
    dcsQkMask,
  ].map((recipe) => [recipe.name, recipe]),
);
