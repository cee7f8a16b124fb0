import type { Features } from '@kcr/features';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Images that are summed at once: the sum is passed over once for all of them. */
const TOGETHER = 4;

/**
 * S = F^T F / n of images that come part by part, [d, d] in float64, so that memory is d^2 and not n d. Its
 * eigenvalues are the non-zero ones of the gram matrix K = F F^T / n, which is never built.
 */
export class CovarianceSum {
  /** Images so far. */
  n = 0;
  /** Upper triangle of F^T F. */
  readonly #sum: Float64Array;
  readonly #rows: readonly Float64Array[];

  constructor(readonly d: number) {
    this.#sum = new Float64Array(d * d);
    this.#rows = Array.from({ length: TOGETHER }, () => new Float64Array(d));
  }

  /** Adds images, [n, d]. */
  add({ n, data }: Features): void {
    for (let i = 0; i < n; i += TOGETHER) {
      this.#rows.forEach((row, at) => {
        for (let j = 0; j < this.d; j++) row[j] = i + at < n ? data[(i + at) * this.d + j]! : 0;
      });
      this.#addRows();
    }
    this.n += n;
  }

  #addRows(): void {
    const [a, b, c, e] = this.#rows as [Float64Array, Float64Array, Float64Array, Float64Array];
    for (let j = 0; j < this.d; j++) {
      const [x, y, z, w] = [a[j]!, b[j]!, c[j]!, e[j]!];
      const from = j * this.d;
      for (let k = j; k < this.d; k++)
        this.#sum[from + k]! += x * a[k]! + y * b[k]! + z * c[k]! + w * e[k]!;
    }
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
