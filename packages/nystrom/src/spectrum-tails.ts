import { KcrError } from '@kcr/core';

/**
 * Tails of a spectrum: tails[r] = sum of the eigenvalues after the first r, the truncated nuclear norm
 * TNN_r, for r = 0..d. Summed from the smallest up.
 */
export function spectrumTails(values: ArrayLike<number>): Float64Array {
  const tails = new Float64Array(values.length + 1);
  for (let r = values.length - 1; r >= 0; r--) tails[r] = tails[r + 1]! + Math.max(values[r]!, 0);
  return tails;
}

/**
 * TNN_r, the sum of all eigenvalues but the r largest (KCR 3.2).
 *
 * @param values largest first
 * @throws KcrError `RANK` for r outside 0..d
 */
export function truncatedNuclearNorm(values: ArrayLike<number>, r: number): number {
  checkRank(r, values.length);
  return spectrumTails(values)[r]!;
}

/** @throws KcrError `RANK` for r outside 0..d */
export function checkRank(r: number, d: number): void {
  if (!Number.isInteger(r) || r < 0 || r > d)
    throw new KcrError('RANK', {
      where: 'rank',
      found: `${r} for ${d} features`,
      fix: `Choose a whole number from 0 to ${d}`,
    });
}
