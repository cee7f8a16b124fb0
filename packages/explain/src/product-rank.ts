import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';

/** Distance of 1 to the next float32. */
const EPSILON = 2 ** -23;

/** R of A = Q R, or A itself where it has fewer rows than columns. */
const small = (matrix: Matrix): Matrix =>
  matrix.rows > matrix.columns ? new QrDecomposition(matrix).upperTriangularMatrix : matrix;

/**
 * The rank of a b^T as `torch.linalg.matrix_rank` counts it in float32: singular values above n 2^-23 times the largest.
 * Computed in float64 from factors of d x d, since those of A = Q R have the singular values of A.
 *
 * @param a [n, d], row-major
 * @param b [n, d]
 */
export function productRank(a: ArrayLike<number>, b: ArrayLike<number>, n: number): number {
  const d = a.length / n;
  const [left, right] = [a, b].map((values) => small(Matrix.from1DArray(n, d, Array.from(values))));
  const product = (left as Matrix).mmul((right as Matrix).transpose());
  const { diagonal } = new SingularValueDecomposition(product, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  });
  const least = n * EPSILON * Math.max(...diagonal);
  return diagonal.filter((value) => value > least).length;
}
