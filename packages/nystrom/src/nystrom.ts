import type { Features } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { covariance, type Eigen, eigen } from './spectrum.ts';

/** Eigenvalues below this share of the first are taken as zero. */
const EPSILON = 1e-7;

/**
 * The directions that landmarks span, in feature space: V = F_I^T V_r (n S_r)^(-1/2), orthonormal columns
 * by falling eigenvalue, as many as the landmarks' rank (KCR 3.2 by the Nystrom method).
 *
 * V's columns are the right singular vectors of F_I, so the smaller of F_I^T F_I and F_I F_I^T is
 * decomposed.
 */
export function nystromDirections(landmarks: Features): Eigen {
  const { n: m, d, data } = landmarks;
  const wide = m < d;
  const factor = new Matrix(m, d);
  if (wide)
    for (let i = 0; i < m; i++) for (let j = 0; j < d; j++) factor.set(i, j, data[i * d + j]!);
  const gram = wide ? factor.mmul(factor.transpose()).div(m) : covariance(landmarks);
  const { values, vectors } = eigen(gram);
  const rank = values.filter((v) => v > EPSILON * (values[0] || 1)).length;
  const first = vectors.subMatrix(0, vectors.rows - 1, 0, Math.max(rank, 1) - 1);
  if (!wide) return { values: values.slice(0, rank), vectors: first };
  const columns = factor.transpose().mmul(first);
  for (let k = 0; k < first.columns; k++) columns.mulColumn(k, 1 / Math.sqrt(m * values[k]! || 1));
  return { values: values.slice(0, rank), vectors: columns };
}

/**
 * Approximate TNN_r for r = 0..d: trace(S) - trace(V_r^T S V_r) with the first r Nystrom directions.
 * At least the true TNN_r (Ky Fan), and equal to it where the landmarks are all images.
 *
 * @param s [d, d], the covariance of all images
 */
export function nystromTails(s: Matrix, { vectors }: Eigen): Float64Array {
  const d = s.rows;
  const projected = s.mmul(vectors);
  const tails = new Float64Array(d + 1).fill(s.trace());
  let captured = 0;
  for (let r = 1; r <= d; r++) {
    for (let j = 0; r <= vectors.columns && j < d; j++)
      captured += vectors.get(j, r - 1) * projected.get(j, r - 1);
    tails[r] = Math.max(tails[0]! - captured, 0);
  }
  return tails;
}
