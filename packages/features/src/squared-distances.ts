import { dotProducts } from './products.ts';

/** What the difference of two equal sums can come to, as a share of them. */
const ROUNDING = 1e-14;

/**
 * Squared distances of rows from centers in float64, ||x||^2 - 2 x c + ||c||^2; 0 where that is rounding, as between equal rows.
 *
 * @param rows [m, d]
 * @param centers [k, d]
 * @param out [m, k], is written
 */
export function squaredDistances(
  rows: Float64Array,
  centers: Float64Array,
  d: number,
  out: Float64Array,
): void {
  const k = centers.length / d;
  dotProducts(rows, centers, d, out);
  const norms = squaredLengths(centers, d);
  squaredLengths(rows, d).forEach((length, i) => {
    for (let c = 0; c < k; c++) {
      const both = length + norms[c]!;
      const squared = both - 2 * out[i * k + c]!;
      out[i * k + c] = squared > ROUNDING * both ? squared : 0;
    }
  });
}

function squaredLengths(rows: Float64Array, d: number): Float64Array {
  const lengths = new Float64Array(rows.length / d);
  for (let i = 0; i < lengths.length; i++) {
    let sum = 0;
    for (let at = i * d; at < (i + 1) * d; at++) sum += rows[at]! * rows[at]!;
    lengths[i] = sum;
  }
  return lengths;
}
