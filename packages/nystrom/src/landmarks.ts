import { type Generator, KcrError } from '@kcr/core';
import { type Features, kMeansPlusPlus, miniBatchKMeans, rows } from '@kcr/features';
import { covariance, type Eigen, eigen } from './spectrum.ts';

/** How images are chosen as landmarks: all alike, far from each other, or by their part in the top directions. */
export const imageSamplings = ['uniform', 'kmeans++', 'leverage'] as const;
export type ImageSampling = (typeof imageSamplings)[number];

/** How landmarks are chosen: images, or the centroids of K-means (Zhang, Tsang & Kwok 2008). */
export const landmarkSamplings = [...imageSamplings, 'k-means'] as const;
export type LandmarkSampling = (typeof landmarkSamplings)[number];

/** Passes of K-means over the images. */
const PASSES = 5;

/**
 * Chooses m of n images, without replacement.
 *
 * @param spectrum eigenpairs of S of all images, for `leverage`, where they are known
 * @returns ascending indices
 * @throws KcrError `LANDMARKS` for m outside 1..n
 */
export function sampleLandmarks(
  features: Features,
  m: number,
  sampling: ImageSampling,
  generator: Generator,
  spectrum?: Eigen,
): Int32Array {
  checkLandmarks(m, features.n);
  const chosen = {
    uniform: () => generator.permutation(features.n).slice(0, m),
    'kmeans++': () => kMeansPlusPlus(features, m, generator),
    leverage: () => byWeight(leverageScores(features, spectrum), m, generator),
  }[sampling]();
  return chosen.sort();
}

/**
 * The features of m landmarks, [m, d]: of images, or centroids that K-means finds from k-means++.
 *
 * @param spectrum as for {@link sampleLandmarks}
 * @throws KcrError `LANDMARKS` for m outside 1..n
 */
export function landmarkFeatures(
  features: Features,
  m: number,
  sampling: LandmarkSampling,
  generator: Generator,
  spectrum?: Eigen,
): Features {
  if (sampling !== 'k-means')
    return rows(features, sampleLandmarks(features, m, sampling, generator, spectrum));
  const first = rows(features, sampleLandmarks(features, m, 'kmeans++', generator));
  return miniBatchKMeans(features, first, { passes: PASSES, generator }).centroids;
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
function leverageScores(features: Features, spectrum = eigen(covariance(features))): Float64Array {
  const { n, d, data } = features;
  const { values, vectors } = spectrum;
  const ridge = values.reduce((sum, v) => sum + v, 0) / d || 1;
  const scores = new Float64Array(n);
  for (let k = 0; k < d; k++) {
    const vector = vectors.getColumn(k);
    for (let i = 0; i < n; i++) {
      let along = 0;
      for (let j = 0; j < d; j++) along += data[i * d + j]! * vector[j]!;
      scores[i]! += along ** 2 / (values[k]! + ridge) / n;
    }
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
