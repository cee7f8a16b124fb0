import type { Claim } from '../claim.ts';
import { boundsClaim } from './bounds.ts';
import { compactClaim } from './compact.ts';
import { crossValidationClaim } from './cross-validation.ts';
import { frequencyClaim } from './frequency.ts';
import { qkMasksClaim } from './qk-masks.ts';
import { regularisersClaim } from './regularisers.ts';
import { searchedDimsClaim } from './searched-dims.ts';
import { selectionClaim } from './selection.ts';
import { togetherClaim } from './together.ts';
import { tokensClaim } from './tokens.ts';

/** All experiments, in the order of the page. */
export const claims: readonly Claim[] = [
  selectionClaim('vit', 10),
  selectionClaim('swin', 5),
  selectionClaim('mobilevit', 5),
  searchedDimsClaim,
  compactClaim,
  boundsClaim,
  crossValidationClaim,
  regularisersClaim,
  qkMasksClaim,
  frequencyClaim,
  tokensClaim,
  togetherClaim,
];
