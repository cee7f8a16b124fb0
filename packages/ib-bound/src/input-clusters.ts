import type { Generator } from '@kcr/core';
import { type Features, firstCentroids, miniBatchKMeans, unitRows } from '@kcr/features';

/** Passes of K-means where clusters are found anew. */
export const PASSES = 10;

/**
 * Clusters of inputs, from k-means++.
 *
 * @throws KcrError `CLUSTERS`
 */
export function clusterInputs(
  inputs: Features,
  clusters: number,
  { normalize = true, batchSize, generator }: ClusterOptions,
): Features {
  const points = normalize ? unitRows(inputs) : inputs;
  const first = firstCentroids(points, clusters, generator);
  const options = { batchSize, passes: PASSES, spherical: normalize, generator };
  return miniBatchKMeans(points, first, options).centroids;
}

export interface ClusterOptions {
  /** Default true. */
  normalize?: boolean;
  /** Points to a step of K-means. Default 1024. */
  batchSize?: number;
  generator: Generator;
}
