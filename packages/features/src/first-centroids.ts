import { type Generator, KcrError } from '@kcr/core';
import { type Features, rows } from './features.ts';
import { kMeansPlusPlus } from './k-means-plus-plus.ts';

/** The mean of every class's points, [classes, d]; zeros for a class without points. */
export function classMeans(
  { n, d, data }: Features,
  labels: ArrayLike<number>,
  classes: number,
): Features {
  const means = new Float64Array(classes * d);
  const counts = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    const y = labels[i]!;
    counts[y]!++;
    for (let j = 0; j < d; j++)
      means[y * d + j]! += (data[i * d + j]! - means[y * d + j]!) / counts[y]!;
  }
  return { n: classes, d, data: means };
}

/** First centroids by k-means++, as many as there are points at most. @throws KcrError `CLUSTERS` */
export function firstCentroids(points: Features, clusters: number, generator: Generator): Features {
  if (!Number.isInteger(clusters) || clusters < 1 || clusters > points.n)
    throw new KcrError('CLUSTERS', {
      where: 'K-means',
      found: `${clusters} clusters for ${points.n} points`,
      fix: `Choose a whole number from 1 to ${points.n}`,
    });
  return rows(points, kMeansPlusPlus(points, clusters, generator));
}
