import { dotProducts } from './products.ts';

/**
 * Squared distances of rows from centers in float64, ||x||^2 - 2 x c + ||c||^2, at least 0.
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
    for (let c = 0; c < k; c++)
      out[i * k + c] = Math.max(length + norms[c]! - 2 * out[i * k + c]!, 0);
  });
}

function squaredLengths(rows: Float64Array, d: number): Float64Array {
  const lengths = new Float64Array(rows.length / d);
  for (let i = 0; i < rows.length; i++) lengths[Math.floor(i / d)]! += rows[i]! * rows[i]!;
  return lengths;
}
