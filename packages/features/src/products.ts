import { addProduct } from './strided-product.ts';

/** A matrix row by row. */
export interface Matrix {
  readonly values: Float64Array;
  readonly columns: number;
}

/**
 * Adds a^T b to `sum`.
 *
 * @param a [m, p]
 * @param b [m, q]
 * @param sum [p, q]
 */
export function addProducts(
  { values: a, columns: p }: Matrix,
  { values: b, columns: q }: Matrix,
  sum: Float64Array,
): void {
  const turned = (values: Float64Array, columns: number) => ({ values, row: 1, column: columns });
  const size = { m: p, k: q, d: a.length / p };
  addProduct({ values: sum, row: q }, turned(a, p), turned(b, q), size);
}

/** All x c, [rows, centers]. */
export function dotProducts(
  rows: Float64Array,
  centers: Float64Array,
  d: number,
  out: Float64Array,
): void {
  const [m, k] = [rows.length / d, centers.length / d];
  out.fill(0);
  addProduct(
    { values: out, row: k },
    { values: rows, row: d },
    { values: centers, row: d },
    { m, k, d },
  );
}
