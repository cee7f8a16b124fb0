import { type Generator, range } from '@kcr/core';
import { BLOCK } from './block.ts';
import { type Features, float64Rows } from './features.ts';
import { squaredDistances } from './squared-distances.ts';

/** Rows that are chosen between two looks at all distances. */
const TOGETHER = 128;

/** The least weight of a row that was not chosen: rows that are like chosen ones come last. */
const LEAST = 1e-300;

/**
 * m of the rows, far from each other: each next one with a probability in proportion to its squared distance
 * from those chosen (Arthur and Vassilvitskii 2007).
 *
 * Rows are proposed by distances from before the last few choices, and taken with the share of it that these left (rejection sampling). That
 * is the same distribution, and the distances of all n rows from up to 128 of the chosen ones are one product: n m d multiplications and
 * additions, and 128 x 128 + 2 n numbers in memory besides the rows.
 *
 * @returns their indices, in the order of choice
 */
export function kMeansPlusPlus(features: Features, m: number, generator: Generator): Int32Array {
  const { n } = features;
  const distance = new Float64Array(n).fill(Number.POSITIVE_INFINITY);
  const chosen = [generator.integer(n)];
  let seen = 0;
  while (chosen.length < m) {
    lower(distance, features, chosen.slice(seen));
    seen = chosen.length;
    const weights = distance.map((x) => Math.max(x, LEAST));
    for (const row of chosen) weights[row] = 0;
    // Early choices change distances the most; later on the same ones serve for many.
    const most = Math.min(m - seen, TOGETHER, Math.ceil(seen / 4));
    for (let proposals = 0; proposals < 2 * most && chosen.length < seen + most; proposals++) {
      const row = generator.pick(weights);
      const left = remaining(features, row, chosen.slice(seen), weights[row]!);
      if (generator.uniform() * weights[row]! < left) chosen.push(row);
    }
  }
  return Int32Array.from(chosen);
}

/** Makes the squared distances of all rows those from the nearest chosen one. */
function lower(distance: Float64Array, features: Features, chosen: readonly number[]): void {
  const { n, d } = features;
  const centers = float64Rows(features, chosen);
  const all = range(n);
  for (let from = 0; from < n; from += BLOCK) {
    const block = all.subarray(from, from + BLOCK);
    const squares = new Float64Array(block.length * chosen.length);
    squaredDistances(float64Rows(features, block), centers, d, squares);
    for (let at = 0; at < squares.length; at++) {
      const row = from + Math.floor(at / chosen.length);
      if (squares[at]! < distance[row]!) distance[row] = squares[at]!;
    }
  }
}

/** What is left of a row's weight after further choices: 0 for one of these, at least {@link LEAST} for others. */
function remaining(features: Features, row: number, chosen: readonly number[], weight: number) {
  if (chosen.includes(row)) return 0;
  const from = (other: number) => squaredDistance(features, row, other);
  return Math.max(
    chosen.reduce((least, other) => Math.min(least, from(other)), weight),
    LEAST,
  );
}

/** Of two rows; four sums side by side, since each addition waits for the one before. */
function squaredDistance({ data, d }: Features, first: number, second: number): number {
  const [a, b] = [first * d, second * d];
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
