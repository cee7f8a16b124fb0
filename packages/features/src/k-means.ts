import type { Generator } from '@kcr/core';
import { BLOCK } from './block.ts';
import { type Features, float64Rows } from './features.ts';
import { squaredDistances } from './squared-distances.ts';
import { unitRows } from './unit-rows.ts';

export interface KMeansOptions {
  /** Points to a step. Default 1024; all points make it Lloyd's algorithm. */
  batchSize?: number;
  /** Times that every point is seen. Default 1. */
  passes?: number;
  /** Keep centroids at length 1, for points of length 1. Default false. */
  spherical?: boolean;
  generator: Generator;
}

/** Clusters after a run, cluster k where the given centroid k was. */
export interface Clusters {
  centroids: Features;
  /** Points of each cluster, as they were assigned in the last pass. */
  sizes: Float64Array;
}

/**
 * Mini-batch K-means (Sculley 2010) from given centroids: each step assigns a batch to the nearest centroids
 * and moves those to the mean of all points that they were given in this pass. A cluster that a pass leaves
 * empty moves to the point farthest from its centroid, one such point for each.
 *
 * A pass takes n k d multiplications and additions for n points and k clusters; besides the points themselves there is one number for
 * each in memory, and the centroids.
 */
export function miniBatchKMeans(
  points: Features,
  start: Features,
  { batchSize = 1024, passes = 1, spherical = false, generator }: KMeansOptions,
): Clusters {
  const { n, d } = points;
  const { data } = points;
  const centers = Float64Array.from(start.data);
  const centroids: Features = { n: start.n, d, data: centers };
  const sizes = new Float64Array(start.n);
  const state: Clustering = { points, centers, sizes, distance: new Float64Array(n) };
  for (let pass = 0; pass < passes; pass++) {
    sizes.fill(0);
    const order = generator.permutation(n);
    for (let from = 0; from < n; from += batchSize) {
      const batch = order.subarray(from, from + batchSize);
      const clusters = nearest(state, batch);
      batch.forEach((i, at) => {
        const k = clusters[at]!;
        sizes[k]!++;
        for (let j = 0; j < d; j++)
          centers[k * d + j]! += (data[i * d + j]! - centers[k * d + j]!) / sizes[k]!;
      });
    }
    fillEmpty(state);
    if (spherical) centers.set(unitRows(centroids).data);
  }
  return { centroids, sizes };
}

/** Where a run of K-means is. */
interface Clustering {
  /** They are read and not copied. */
  points: Features;
  /** The clusters' centers, row after row. */
  centers: Float64Array;
  /** Points of each cluster. */
  sizes: Float64Array;
  /** Squared distance of each point from its center when it was last assigned. */
  distance: Float64Array;
}

/** The nearest center of each of the points `batch`; writes their squared distances from it. */
function nearest({ points, centers, distance }: Clustering, batch: Int32Array): Int32Array {
  const { d } = points;
  const k = centers.length / d;
  const clusters = new Int32Array(batch.length);
  for (let from = 0; from < batch.length; from += BLOCK) {
    const block = batch.subarray(from, from + BLOCK);
    const squares = new Float64Array(block.length * k);
    squaredDistances(float64Rows(points, block), centers, d, squares);
    block.forEach((i, at) => {
      let best = at * k;
      for (let c = best + 1; c < (at + 1) * k; c++) if (squares[c]! < squares[best]!) best = c;
      clusters[from + at] = best - at * k;
      distance[i] = squares[best]!;
    });
  }
  return clusters;
}

/** Moves centers without points to the points that are farthest from theirs. */
function fillEmpty({ points: { data, d }, centers, sizes, distance }: Clustering): void {
  const empty = [...sizes.keys()].filter((k) => sizes[k] === 0);
  if (empty.length === 0) return;
  const farthest = [...distance.keys()].sort((a, b) => distance[b]! - distance[a]! || a - b);
  empty.forEach((k, rank) => {
    const i = farthest[rank];
    if (i === undefined) return;
    for (let j = 0; j < d; j++) centers[k * d + j] = data[i * d + j]!;
  });
}
