import type { Generator } from '@kcr/core';
import type { Features } from '@kcr/features';
import { type AssignmentOptions, unitRows } from './assignment.ts';
import { type Information, information } from './information.ts';
import { classMeans, firstCentroids, miniBatchKMeans } from './k-means.ts';

export interface MeasureOptions extends AssignmentOptions {
  /** [n, d] */
  features: Features;
  /** [n, p], e.g. pooled pixels. */
  inputs: Features;
  /** Class of every image, 0..classes - 1. */
  labels: ArrayLike<number>;
  classes: number;
  /** Default: found by K-means, as many as there are classes, from the class means. */
  featureCentroids?: Features;
  /** Default: found by K-means, as many as there are classes, from k-means++. */
  inputCentroids?: Features;
  generator: Generator;
}

const PASSES = 10;

/** Images that clusters are made from where a choice is given: 50 per cluster or 10,000, whichever is more. */
export const sampleSize = (images: number, ...clusters: number[]): number =>
  Math.min(images, Math.max(50 * Math.max(...clusters), 10_000));

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

/**
 * The information bottleneck of a model's features, with clusters found where none are given.
 *
 * @throws KcrError `CENTROIDS_SHAPE`, `LABELS`, `CLUSTERS`
 */
export function measureInformation(options: MeasureOptions): Information {
  const { features, inputs, labels, classes, normalize = true, generator } = options;
  const points = normalize ? unitRows(features) : features;
  const found = () =>
    miniBatchKMeans(points, classMeans(points, labels, classes), {
      passes: PASSES,
      spherical: normalize,
      generator: generator.fork('features'),
    }).centroids;
  return information({
    ...options,
    featureCentroids: options.featureCentroids ?? found(),
    inputCentroids:
      options.inputCentroids ??
      clusterInputs(inputs, Math.min(classes, inputs.n), {
        normalize,
        generator: generator.fork('inputs'),
      }),
  });
}
