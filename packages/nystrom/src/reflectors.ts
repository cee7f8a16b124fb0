import { addProduct } from '@kcr/features';

/** Reflectors H_1 ... H_k with H_i = I - tau_i v_i v_i^T, of which many are applied at once. */
export interface Reflectors {
  /** v_i as rows, [k, width]. */
  readonly vectors: Float64Array;
  readonly tau: Float64Array;
  readonly width: number;
}

/** Rows of a matrix that stand one after another in `values`, of which the columns from `first` on are used. */
export interface RowBlock {
  readonly values: Float64Array;
  /** Place of the first value that is used. */
  readonly from: number;
  readonly rows: number;
  /** Places from a row to the next. */
  readonly row: number;
}

/**
 * Multiplies rows by H_1 H_2 ... H_k from the right, or by H_k ... H_1: H_1 ... H_k = I - V T V^T with T upper triangular (Schreiber and
 * Van Loan 1989), so that nearly all work is products of matrices.
 */
export function applyReflectors(
  { values, from, rows, row }: RowBlock,
  { vectors, tau, width }: Reflectors,
  order: 'forward' | 'backward',
): void {
  const k = tau.length;
  const t = triangle(vectors, tau, width);
  const v = { values: vectors, row: width };
  const along = new Float64Array(rows * k);
  addProduct({ values: along, row: k }, { values, from, row }, v, { m: rows, k, d: width });
  const scaled = new Float64Array(rows * k);
  const turned = order === 'forward' ? { row: 1, column: k } : { row: k };
  const size = { m: rows, k, d: k };
  addProduct({ values: scaled, row: k }, { values: along, row: k }, { values: t, ...turned }, size);
  for (let i = 0; i < scaled.length; i++) scaled[i] = -scaled[i]!;
  addProduct(
    { values, from, row },
    { values: scaled, row: k },
    { values: vectors, row: 1, column: width },
    { m: rows, k: width, d: k },
  );
}

/** T, [k, k]: its column j is -tau_j T V^T v_j above the diagonal, and tau_j on it. */
function triangle(vectors: Float64Array, tau: Float64Array, width: number): Float64Array {
  const k = tau.length;
  const gram = new Float64Array(k * k);
  const v = { values: vectors, row: width };
  addProduct({ values: gram, row: k }, v, v, { m: k, k, d: width });
  const t = new Float64Array(k * k);
  for (let j = 0; j < k; j++) {
    t[j * k + j] = tau[j]!;
    for (let i = 0; i < j; i++) {
      let sum = 0;
      for (let l = i; l < j; l++) sum += t[i * k + l]! * gram[l * k + j]!;
      t[i * k + j] = -tau[j]! * sum;
    }
  }
  return t;
}

/**
 * Makes of x a vector v, in place, and gives tau and beta, with (I - tau v v^T) x = beta on the axis `pivot` and 0 on the others between
 * `from` and `to`.
 */
export function reflector(
  x: Float64Array,
  from: number,
  to: number,
  pivot: number,
): { tau: number; beta: number } {
  let others = 0;
  for (let j = from; j < to; j++) if (j !== pivot) others += x[j]! * x[j]!;
  const alpha = x[pivot]!;
  if (others === 0) return { tau: 0, beta: alpha };
  const beta = -Math.sign(alpha || 1) * Math.sqrt(alpha * alpha + others);
  x[pivot] = alpha - beta;
  return { tau: 2 / (others + x[pivot]! ** 2), beta };
}
