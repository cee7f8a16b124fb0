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
  const m = a.length / p;
  // Two rows at a time: the sum is the largest array, and is then passed over half as often.
  for (let i = 0; i < m; i += 2) {
    const paired = i + 1 < m;
    const [b0, b1] = [i * q, (paired ? i + 1 : i) * q];
    for (let r = 0; r < p; r++) {
      const a0 = a[i * p + r]!;
      const a1 = paired ? a[(i + 1) * p + r]! : 0;
      for (let c = 0; c < q; c++) sum[r * q + c]! += a0 * b[b0 + c]! + a1 * b[b1 + c]!;
    }
  }
}

/** All x c, two rows and four centers at a time: each value that is loaded takes part in several products. */
export function dotProducts(
  rows: Float64Array,
  centers: Float64Array,
  d: number,
  out: Float64Array,
): void {
  const [m, k] = [rows.length / d, centers.length / d];
  for (let i = 0; i < m; i += 2) {
    // At an odd end the last row or center is done twice.
    const second = Math.min(i + 1, m - 1);
    const [x0, x1] = [i * d, second * d];
    for (let c = 0; c < k; c += 4) {
      const [c1, c2, c3] = [Math.min(c + 1, k - 1), Math.min(c + 2, k - 1), Math.min(c + 3, k - 1)];
      const [y0, y1, y2, y3] = [c * d, c1 * d, c2 * d, c3 * d];
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      let [t0, t1, t2, t3] = [0, 0, 0, 0];
      for (let j = 0; j < d; j++) {
        const s = rows[x0 + j]!;
        const t = rows[x1 + j]!;
        const a = centers[y0 + j]!;
        const b = centers[y1 + j]!;
        const e = centers[y2 + j]!;
        const f = centers[y3 + j]!;
        s0 += s * a;
        s1 += s * b;
        s2 += s * e;
        s3 += s * f;
        t0 += t * a;
        t1 += t * b;
        t2 += t * e;
        t3 += t * f;
      }
      out[i * k + c] = s0;
      out[i * k + c1] = s1;
      out[i * k + c2] = s2;
      out[i * k + c3] = s3;
      out[second * k + c] = t0;
      out[second * k + c1] = t1;
      out[second * k + c2] = t2;
      out[second * k + c3] = t3;
    }
  }
}
