import { addProduct, type Features } from '@kcr/features';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { SMALL } from './divide-and-conquer.ts';
import { valuesOf } from './matrices.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/**
 * S = F^T F / n of images that come part by part, [d, d] in float64, so that memory is d^2 and not n d. Its
 * eigenvalues are the non-zero ones of the gram matrix K = F F^T / n, which is never built.
 */
export class CovarianceSum {
  /** Images so far. */
  n = 0;
  /** Upper triangle of F^T F. */
  readonly #sum: Float64Array;

  constructor(readonly d: number) {
    this.#sum = new Float64Array(d * d);
  }

  /** Adds images, [n, d]: n d^2 / 2 multiplications and additions. */
  add({ n, data }: Features): void {
    const { d } = this;
    const images = { values: data, row: 1, column: d };
    const size = { m: d, k: d, d: n, upper: true };
    addProduct({ values: this.#sum, row: d }, images, images, size);
    this.n += n;
  }

  /** S of the images so far, [d, d]. */
  matrix(): Matrix {
    const { d, n } = this;
    const matrix = new Matrix(d, d);
    for (let j = 0; j < d; j++)
      for (let k = j; k < d; k++) {
        const value = this.#sum[j * d + k]! / Math.max(n, 1);
        matrix.set(j, k, value);
        matrix.set(k, j, value);
      }
    return matrix;
  }
}

/** S = F^T F / n, [d, d], in float64. */
export function covariance(features: Features): Matrix {
  const sum = new CovarianceSum(features.d);
  sum.add(features);
  return sum.matrix();
}

/** Eigenvalues, largest first and none below 0, and the eigenvectors as columns. */
export interface Eigen {
  values: Float64Array;
  vectors: Matrix;
}

/**
 * All eigenpairs of a symmetric positive semi-definite matrix, O(d^3), to some 1e-15 of the largest value: by `ml-matrix` where it is
 * small, and else by Householder reflections and divide and conquer. For the first few pairs of a large matrix {@link topEigen} is faster.
 *
 * @param matrix [d, d]
 */
export function eigen(matrix: Matrix): Eigen {
  return matrix.rows > SMALL ? largeEigen(matrix) : smallEigen(matrix);
}

function largeEigen(matrix: Matrix): Eigen {
  const d = matrix.rows;
  const { values, rows } = symmetricEigen(valuesOf(matrix), d);
  const vectors = Matrix.zeros(d, d);
  for (let k = 0; k < d; k++)
    for (let i = 0; i < d; i++) vectors.set(i, k, rows[(d - 1 - k) * d + i]!);
  return { values: values.reverse().map((value) => Math.max(value, 0)), vectors };
}

function smallEigen(matrix: Matrix): Eigen {
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
