import type { Generator } from '@kcr/core';
import type { Features } from './features.ts';

/**
 * m of the rows, far from each other: each next one with a probability in proportion to its squared distance
 * from those chosen (Arthur and Vassilvitskii 2007).
 *
 * @returns their indices, in the order of choice
 */
export function kMeansPlusPlus(
  { n, d, data }: Features,
  m: number,
  generator: Generator,
): Int32Array {
  const distance = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const chosen = Int32Array.of(generator.integer(n));
  const all = new Int32Array(m);
  all[0] = chosen[0]!;
  for (let k = 1; k < m; k++) {
    const last = all[k - 1]! * d;
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let j = 0; j < d; j++) square += (data[i * d + j]! - data[last + j]!) ** 2;
      distance[i] = Math.min(distance[i]!, square);
    }
    // Chosen images are at distance 0; duplicates of them are taken only when nothing else is left.
    const taken = new Set(all.subarray(0, k));
    const weights = distance.map((x, i) => (taken.has(i) ? 0 : Math.max(x, 1e-300)));
    all[k] = generator.pick(weights);
  }
  return all;
}
