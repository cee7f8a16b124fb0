import { applyReflectors, reflector } from './reflectors.ts';

/** A = Q T Q^T with T tridiagonal, for a symmetric A [n, n]. */
export interface Tridiagonal {
  readonly n: number;
  /** T[i, i], [n]. */
  readonly diagonal: Float64Array;
  /** T[i + 1, i], [n - 1] and one place more. */
  readonly beside: Float64Array;
  /** Row i has the vector of the reflector that made row i tridiagonal, of i values. */
  readonly vectors: Float64Array;
  readonly tau: Float64Array;
}

/** Reflectors that are applied at once. */
const TOGETHER = 64;

/**
 * Reduces a symmetric matrix to a tridiagonal one by Householder reflections from its last row on, in 2/3 n^3 multiplications and
 * additions. The change of one reflection and the product with the next vector are made in one pass over the lower triangle, since
 * the time is that of reading it.
 *
 * @param matrix [n, n] row after row, of which the lower triangle is read and which is written over
 */
export function tridiagonal(matrix: Float64Array, n: number): Tridiagonal {
  const [diagonal, beside, tau] = [0, 1, 2].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  // Of the last reflection, which is still to be applied: A -= v w^T + w v^T.
  let v = new Float64Array(n);
  let w = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    const row = matrix.subarray(i * n, (i + 1) * n);
    for (let j = 0; j <= i; j++) row[j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
    diagonal[i] = row[i]!;
    if (i === 0) break;
    const found = reflector(row, 0, i, i - 1);
    tau[i] = found.tau;
    beside[i - 1] = found.beta;
    const u = row.subarray(0, i);
    const product = new Float64Array(i);
    for (let r = 0; r < i; r++) {
      const start = r * n;
      const [vr, wr, ur] = [v[r]!, w[r]!, u[r]!];
      let sum = 0;
      for (let j = 0; j < r; j++) {
        const value = matrix[start + j]! - vr * w[j]! - wr * v[j]!;
        matrix[start + j] = value;
        product[j]! += value * ur;
        sum += value * u[j]!;
      }
      const last = matrix[start + r]! - 2 * vr * wr;
      matrix[start + r] = last;
      product[r]! += sum + last * ur;
    }
    let along = 0;
    for (let j = 0; j < i; j++) along += product[j]! * u[j]!;
    const half = (found.tau * found.tau * along) / 2;
    for (let j = 0; j < i; j++) product[j] = found.tau * product[j]! - half * u[j]!;
    [v, w] = [u as Float64Array<ArrayBuffer>, product];
  }
  return { n, diagonal, beside, vectors: matrix, tau };
}

/**
 * Turns eigenvectors of T into those of A: n^3 multiplications and additions.
 *
 * @param rows eigenvectors of T as rows, [n, n]; written over
 */
export function fromTridiagonal({ n, vectors, tau }: Tridiagonal, rows: Float64Array): void {
  for (let low = 1; low < n; low += TOGETHER) {
    const high = Math.min(low + TOGETHER, n);
    const width = high - 1;
    const block = new Float64Array((high - low) * width);
    // Q = H_(n-1) ... H_1: the highest comes first.
    for (let i = low; i < high; i++)
      block.set(vectors.subarray(i * n, i * n + i), (high - 1 - i) * width);
    const reflectors = { vectors: block, tau: tau.slice(low, high).reverse(), width };
    applyReflectors({ values: rows, from: 0, rows: n, row: n }, reflectors, 'backward');
  }
}
