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
    for (let i = 0; i < n; i++)
      distance[i] = Math.min(distance[i]!, squaredDistance(data, i * d, last, d));
    // Chosen images are at distance 0; duplicates of them are taken only when nothing else is left.
    const taken = new Set(all.subarray(0, k));
    const weights = distance.map((x, i) => (taken.has(i) ? 0 : Math.max(x, 1e-300)));
    all[k] = generator.pick(weights);
  }
  return all;
}

/** Of two rows; four sums side by side, since each addition waits for the one before. */
function squaredDistance(data: ArrayLike<number>, a: number, b: number, d: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  for (; j + 3 < d; j += 4) {
    const x0 = data[a + j]! - data[b + j]!;
    const x1 = data[a + j + 1]! - data[b + j + 1]!;
    const x2 = data[a + j + 2]! - data[b + j + 2]!;
    const x3 = data[a + j + 3]! - data[b + j + 3]!;
    s0 += x0 * x0;
    s1 += x1 * x1;
    s2 += x2 * x2;
    s3 += x3 * x3;
  }
  for (; j < d; j++) s0 += (data[a + j]! - data[b + j]!) ** 2;
  return s0 + s1 + (s2 + s3);
}
