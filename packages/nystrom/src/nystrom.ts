import type { Features } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { matrixOf, times, transposedTimes } from './matrices.ts';
import { orthonormal } from './orthonormal.ts';
import { covariance, type Eigen, eigen } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';

/** Eigenvalues below this share of the first are rounding: of float32 features they have some 1e-14. */
const EPSILON = 1e-12;

/**
 * V, the principal directions of landmarks: right singular vectors of F_I [m, d], orthonormal columns by falling singular
 * value, as many as the landmarks' rank. With W = F_I F_I^T / n = U S U^T they are F_I^T U (n S)^(-1/2).
 *
 * The smaller of F_I^T F_I and F_I F_I^T is decomposed.
 *
 * @returns values of the landmarks' own F_I^T F_I / m, and V [d, rank], of one column where all landmarks are 0
 */
export function landmarkDirections(landmarks: Features): Eigen {
  const { n: m, d, data } = landmarks;
  const wide = m < d;
  const factor = wide ? matrixOf(m, d, data) : undefined;
  const gram = factor ? times(factor, factor.transpose()).div(m) : covariance(landmarks);
  const { values, vectors } = eigen(gram);
  const rank = values.filter((v) => v > EPSILON * (values[0] || 1)).length;
  const first = vectors.subMatrix(0, vectors.rows - 1, 0, Math.max(rank, 1) - 1);
  // Orthonormal by QR instead of by the singular values, so that small ones do not enlarge rounding.
  return {
    values: values.slice(0, rank),
    vectors: factor ? orthonormal(transposedTimes(factor, first)) : first,
  };
}

/**
 * TNN_r for r = 0..d by the Nystrom method as KCR has it (KCR 3.2): the gram matrix' eigenvectors are U = C V_r S_r^(-1),
 * here made orthonormal, and what they do not hold is trace(K) - trace(U^T K U). In feature space this is
 * trace(S) - trace((V^T S V)^-1 V^T S^2 V), with V the first r directions of the landmarks. U^T K U is one step of power
 * iteration nearer to the top of the spectrum than V^T S V.
 *
 * Falling in r; at least the true TNN_r (Ky Fan), and equal to it where the landmarks are all images. V^T S V, whose
 * condition is the square of the spectrum's, is not inverted: S^(1/2) V is orthonormalised by Householder reflections, and
 * what lies outside is added up itself.
 *
 * @param all eigenpairs of S of all images
 * @param directions V of {@link landmarkDirections}, [d, k]
 */
export function nystromTails(all: Eigen, directions: Matrix): Float64Array {
  const d = all.vectors.rows;
  const scaled = transposedTimes(all.vectors, directions);
  for (let i = 0; i < d; i++) scaled.mulRow(i, Math.sqrt(all.values[i]!));
  const basis = completed(scaled);
  const held = Float64Array.from({ length: d }, (_, j) =>
    all.values.reduce((sum, value, i) => sum + value * basis.get(i, j) ** 2, 0),
  );
  const exact = spectrumTails(all.values);
  // The columns that complete the basis belong to no r: all of them are outside.
  const outside = held.slice(directions.columns).reduce((sum, x) => sum + x, 0);
  const tails = spectrumTails(held.slice(0, directions.columns)).map((tail) => tail + outside);
  return exact.map((tail, r) => Math.max(tail, tails[Math.min(r, directions.columns)]!));
}

/**
 * The first directions after one step of power iteration, orth(S V): those that U = C V / S stands for in feature space, and
 * the basis of the regulariser.
 *
 * @param s S of all images, [d, d]
 * @param directions V of {@link landmarkDirections}, [d, k]
 * @param rank at most k
 * @returns [d, rank]
 */
export const nystromBasis = (s: Matrix, directions: Matrix, rank: number): Matrix =>
  orthonormal(times(s, firstColumns(directions, rank)));

/**
 * What orthonormal directions leave: trace(S) - trace(V_r^T S V_r) for r = 0..d, with the first r columns; of more than there
 * are, with all. At least the true TNN_r (Ky Fan). This is what the regulariser measures of its basis.
 *
 * @param s S of all images, [d, d]
 * @param basis [d, k], orthonormal columns
 */
export function projectionTails(s: Matrix, basis: Matrix): Float64Array {
  const d = s.rows;
  const projected = times(s, basis);
  const tails = new Float64Array(d + 1).fill(s.trace());
  let captured = 0;
  for (let r = 1; r <= d; r++) {
    for (let j = 0; r <= basis.columns && j < d; j++)
      captured += basis.get(j, r - 1) * projected.get(j, r - 1);
    tails[r] = Math.max(tails[0]! - captured, 0);
  }
  return tails;
}

/** The first columns, or zeros where there are fewer. */
export function firstColumns(matrix: Matrix, columns: number): Matrix {
  const first = Matrix.zeros(matrix.rows, columns);
  const filled = Math.min(columns, matrix.columns);
  if (filled > 0) first.setSubMatrix(matrix.subMatrix(0, matrix.rows - 1, 0, filled - 1), 0, 0);
  return first;
}

/** Columns made orthonormal, and completed to a basis of the whole space: reflections leave the other axes so. */
const completed = (matrix: Matrix): Matrix => orthonormal(firstColumns(matrix, matrix.rows));
