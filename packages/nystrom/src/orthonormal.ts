import { Matrix } from 'ml-matrix';
import { applyReflectors, type Reflectors, reflector } from './reflectors.ts';

/** Columns whose reflections are applied to the others at once. */
const TOGETHER = 32;

/** A matrix [d, k], k at most d, as Q R: Q has orthonormal columns also where the matrix has fewer than k directions. */
export interface Factors {
  /** [d, k] */
  readonly q: Matrix;
  /** [k, k], upper triangular. */
  readonly r: Matrix;
}

/**
 * Q R by Householder reflections in groups, 2 d k^2 multiplications and additions.
 *
 * @param matrix [d, k], k at most d
 */
export function factors(matrix: Matrix): Factors {
  const [d, k] = [matrix.rows, matrix.columns];
  // Columns stand as rows.
  const columns = new Float64Array(k * d);
  for (let i = 0; i < d; i++) for (let j = 0; j < k; j++) columns[j * d + i] = matrix.get(i, j);
  const groups: { start: number; reflectors: Reflectors }[] = [];
  const r = Matrix.zeros(k, k);
  for (let start = 0; start < k; start += TOGETHER) {
    const end = Math.min(start + TOGETHER, k);
    const width = d - start;
    const vectors = new Float64Array((end - start) * width);
    const tau = new Float64Array(end - start);
    for (let j = start; j < end; j++) {
      const column = columns.subarray(j * d, (j + 1) * d);
      for (let before = start; before < j; before++)
        reflect(column, vectors, (before - start) * width, tau[before - start]!, start);
      for (let i = 0; i < j; i++) r.set(i, j, column[i]!);
      const found = reflector(column, j, d, j);
      tau[j - start] = found.tau;
      r.set(j, j, found.beta);
      vectors.set(column.subarray(j), (j - start) * width + j - start);
    }
    const reflectors = { vectors, tau, width };
    groups.push({ start, reflectors });
    const rest = { values: columns, from: end * d + start, rows: k - end, row: d };
    if (rest.rows > 0) applyReflectors(rest, reflectors, 'forward');
  }
  const q = new Float64Array(k * d);
  for (let j = 0; j < k; j++) q[j * d + j] = 1;
  // Rows before `start` have zeros where the reflections are.
  for (const { start, reflectors } of groups.toReversed())
    applyReflectors(
      { values: q, from: start * d + start, rows: k - start, row: d },
      reflectors,
      'backward',
    );
  const basis = Matrix.zeros(d, k);
  for (let j = 0; j < k; j++) for (let i = 0; i < d; i++) basis.set(i, j, q[j * d + i]!);
  return { q: basis, r };
}

/** (I - tau v v^T) x, of the values from `start` on; v stands at `at`. */
function reflect(x: Float64Array, vectors: Float64Array, at: number, tau: number, start: number) {
  let along = 0;
  for (let i = start; i < x.length; i++) along += vectors[at + i - start]! * x[i]!;
  along *= tau;
  for (let i = start; i < x.length; i++) x[i]! -= along * vectors[at + i - start]!;
}

/** Columns made orthonormal, one after another; at most as many columns as rows. */
export const orthonormal = (matrix: Matrix): Matrix => factors(matrix).q;
