import type { Features } from '@kcr/features';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * S = F^T F / n, [d, d], in float64. Its eigenvalues are the non-zero ones of the gram matrix
 * K = F F^T / n, which is never built.
 */
export function covariance({ n, d, data }: Features): Matrix {
  const sum = new Float64Array(d * d);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) row[j] = data[i * d + j]!;
    for (let j = 0; j < d; j++) {
      const x = row[j]!;
      for (let k = j; k < d; k++) sum[j * d + k]! += x * row[k]!;
    }
  }
  const matrix = new Matrix(d, d);
  for (let j = 0; j < d; j++)
    for (let k = j; k < d; k++) {
      const value = sum[j * d + k]! / n;
      matrix.set(j, k, value);
      matrix.set(k, j, value);
    }
  return matrix;
}

/** Eigenvalues, largest first and none below 0, and the eigenvectors as columns. */
export interface Eigen {
  values: Float64Array;
  vectors: Matrix;
}

/**
 * All eigenpairs of a symmetric positive semi-definite matrix (ml-matrix), O(d^3).
 * For the first few pairs of a large matrix {@link topEigen} is faster.
 */
export function eigen(matrix: Matrix): Eigen {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const order = realEigenvalues
    .map((_, i) => i)
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  return {
    values: Float64Array.from(order, (i) => Math.max(realEigenvalues[i]!, 0)),
    vectors: eigenvectorMatrix.subMatrixColumn(order),
  };
}

/** Spectrum of the gram matrix K = F F^T / n: its d largest eigenvalues, largest first. */
export const gramSpectrum = (features: Features): Float64Array =>
  eigen(covariance(features)).values;
