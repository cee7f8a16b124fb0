import { tridiagonalEigen } from './divide-and-conquer.ts';
import { fromTridiagonal, tridiagonal } from './tridiagonal.ts';

/**
 * All eigenpairs of a symmetric matrix in float64: Householder reflections to a tridiagonal matrix, divide and conquer, and back.
 *
 * @param matrix [n, n] row after row, of which the lower triangle is read; written over
 * @returns values ascending, and vectors of length 1 as rows, [n, n]
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; rows: Float64Array } {
  // Of the largest value 1, so that squares neither overflow nor vanish.
  const scale = matrix.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  for (let i = 0; i < matrix.length; i++) matrix[i]! /= scale;
  const reduced = tridiagonal(matrix, n);
  const values = reduced.diagonal;
  const rows = tridiagonalEigen(values, reduced.beside);
  fromTridiagonal(reduced, rows);
  return { values: values.map((value) => value * scale), rows };
}
