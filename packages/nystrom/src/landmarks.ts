import { type Generator, KcrError } from '@kcr/core';
import { type Features, kMeansPlusPlus } from '@kcr/features';
import { covariance, eigen } from './spectrum.ts';

/** How landmarks are chosen: all alike, far from each other, or by their part in the top directions. */
export type LandmarkSampling = 'uniform' | 'kmeans++' | 'leverage';

/**
 * Chooses m of n images, without replacement.
 *
 * @returns ascending indices
 * @throws KcrError `LANDMARKS` for m outside 1..n
 */
export function sampleLandmarks(
  features: Features,
  m: number,
  sampling: LandmarkSampling,
  generator: Generator,
): Int32Array {
  checkLandmarks(m, features.n);
  const chosen = {
    uniform: () => generator.permutation(features.n).slice(0, m),
    'kmeans++': () => kMeansPlusPlus(features, m, generator),
    leverage: () => byWeight(leverageScores(features), m, generator),
  }[sampling]();
  return chosen.sort();
}

/** @throws KcrError `LANDMARKS` for m outside 1..n */
export function checkLandmarks(m: number, n: number): void {
  if (!Number.isInteger(m) || m < 1 || m > n)
    throw new KcrError('LANDMARKS', {
      where: 'landmarks',
      found: `${m} landmarks from ${n} images`,
      fix: `Choose a whole number from 1 to ${n}`,
    });
}

/** Ridge leverage scores f_i^T (S + mean eigenvalue I)^-1 f_i / n. */
function leverageScores(features: Features): Float64Array {
  const { n, d, data } = features;
  const { values, vectors } = eigen(covariance(features));
  const ridge = values.reduce((sum, v) => sum + v, 0) / d || 1;
  const scores = new Float64Array(n);
  for (let k = 0; k < d; k++)
    for (let i = 0; i < n; i++) {
      let along = 0;
      for (let j = 0; j < d; j++) along += data[i * d + j]! * vectors.get(j, k);
      scores[i]! += along ** 2 / (values[k]! + ridge) / n;
    }
  return scores;
}

/** m distinct indices, each drawn in proportion to its weight among those left. */
function byWeight(weights: Float64Array, m: number, generator: Generator): Int32Array {
  const left = weights.map((w) => Math.max(w, 1e-300));
  return Int32Array.from({ length: m }, () => {
    const i = generator.pick(left);
    left[i] = 0;
    return i;
  });
}
