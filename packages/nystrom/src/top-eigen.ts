import { Generator } from '@kcr/core';
import { Matrix } from 'ml-matrix';
import { times, transposedTimes } from './matrices.ts';
import { orthonormal } from './orthonormal.ts';
import { type Eigen, eigen } from './spectrum.ts';

export interface TopEigenOptions {
  /** Extra directions that are iterated along; they speed up convergence. Default 8. */
  oversample?: number;
  /** Largest change of an eigenvalue, relative to the first, at which to stop. Default 1e-10. */
  tolerance?: number;
  maxIterations?: number;
  seed?: number;
}

/**
 * The r largest eigenpairs of a symmetric positive semi-definite matrix by subspace iteration with
 * Rayleigh-Ritz (Halko, Martinsson & Tropp 2011), O(d^2 r) an iteration.
 *
 * @param matrix [d, d]
 * @param r 1 <= r <= d
 */
export function topEigen(matrix: Matrix, r: number, options: TopEigenOptions = {}): Eigen {
  const { oversample = 8, tolerance = 1e-10, maxIterations = 200, seed = 0 } = options;
  const d = matrix.rows;
  const width = Math.min(r + oversample, d);
  const generator = new Generator(seed);
  let basis = new Matrix(d, width);
  for (let i = 0; i < d; i++) for (let j = 0; j < width; j++) basis.set(i, j, generator.normal());
  let previous = new Float64Array(width);
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    const directions = orthonormal(times(matrix, basis));
    const small = transposedTimes(directions, times(matrix, directions));
    const { values, vectors } = eigen(small);
    basis = times(directions, vectors);
    const change = values
      .slice(0, r)
      .reduce((most, v, i) => Math.max(most, Math.abs(v - previous[i]!)), 0);
    previous = values as Float64Array<ArrayBuffer>;
    if (change <= tolerance * (values[0] || 1)) break;
  }
  return { values: previous.slice(0, r), vectors: basis.subMatrix(0, d - 1, 0, r - 1) };
}
