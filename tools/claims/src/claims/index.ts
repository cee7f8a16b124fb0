import type { Claim } from '../claim.ts';
import { boundsClaim } from './bounds.ts';
import { compactClaim } from './compact.ts';
import { crossValidationClaim } from './cross-validation.ts';
import { frequencyClaim } from './frequency.ts';
import { qkMasksClaim } from './qk-masks.ts';
import { memorisedClaim, regularisersClaim } from './regularisers.ts';
import { searchedDimsClaim } from './searched-dims.ts';
import { selectionClaim } from './selection.ts';
import { togetherClaim } from './together.ts';
import { tokensClaim } from './tokens.ts';

/** All experiments, in the order of the page. */
export const claims: readonly Claim[] = [
  selectionClaim({ backbone: 'vit', seeds: 10 }),
  selectionClaim({ backbone: 'swin', seeds: 5 }),
  selectionClaim({ backbone: 'mobilevit', seeds: 2 }),
  // Of MobileViT's io channels alone any choice is as good: nearly all of its arithmetic lies elsewhere.
  selectionClaim({ backbone: 'mobilevit', roles: ['io', 'hidden'], seeds: 5 }),
  searchedDimsClaim,
  compactClaim,
  boundsClaim,
  crossValidationClaim,
  regularisersClaim,
  memorisedClaim,
  qkMasksClaim,
  frequencyClaim,
  tokensClaim,
  togetherClaim,
];
