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
