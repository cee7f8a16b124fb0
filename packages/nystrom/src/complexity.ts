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

export interface Complexity {
  /** min over h of h/n + sqrt(TNN_h / n) */
  value: number;
  /** The h of the minimum. */
  argmin: number;
}

/**
 * Kernel complexity KC = min_{h = 0..d} ( h/n + sqrt(TNN_h / n) ) (KCR 3.2, after Bartlett et al. 2005).
 * At most rank/n, since the tail there is 0. With approximate tails it is A-KC.
 *
 * @param tails TNN_h for h = 0..d
 * @param n number of images
 */
export function kernelComplexity(tails: ArrayLike<number>, n: number): Complexity {
  let best: Complexity = { value: Number.POSITIVE_INFINITY, argmin: 0 };
  for (let h = 0; h < tails.length; h++) {
    const value = h / n + Math.sqrt(Math.max(tails[h]!, 0) / n);
    if (value < best.value) best = { value, argmin: h };
  }
  return best;
}
