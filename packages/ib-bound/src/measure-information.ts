import type { Generator } from '@kcr/core';
import { classMeans, type Features, miniBatchKMeans, unitRows } from '@kcr/features';
import type { AssignmentOptions } from './assignment.ts';
import { type Information, information } from './information.ts';
import { clusterInputs, PASSES } from './input-clusters.ts';

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
