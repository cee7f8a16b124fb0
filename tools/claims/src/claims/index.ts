import type { Claim } from '../claim.ts';
import { frequencyClaim } from './frequency.ts';
import { selectionClaim } from './selection.ts';
import { tokensClaim } from './tokens.ts';

/** All experiments, in the order of the page. */
export const claims: readonly Claim[] = [
  selectionClaim('vit', 10),
  selectionClaim('swin', 5),
  selectionClaim('mobilevit', 5),
  frequencyClaim,
  tokensClaim,
];
