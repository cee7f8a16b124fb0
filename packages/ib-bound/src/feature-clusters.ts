import { type ArraySlot, float32, type Generator, type PluginRun, type Tensor } from '@kcr/core';
import {
  type Clusters,
  classMeans,
  type Features,
  firstCentroids,
  miniBatchKMeans,
} from '@kcr/features';
import { savedCentroids } from './saved-centroids.ts';

export interface FeatureClusterOptions {
  clusters: number;
  /** Whether points and centroids have length 1. */
  normalize: boolean;
  /** Points to a step of K-means. Default 1024. */
  batchSize?: number;
}

/** Points with the class of each. */
export interface LabelledPoints {
  points: Features;
  labels: Int32Array;
  classes: number;
}

/** Passes of K-means where it starts. */
const INITIAL_PASSES = 3;

/** The clusters of the features, which go on from epoch to epoch with the same indices. */
export class FeatureClusters {
  readonly #slot: ArraySlot;

  constructor(
    run: PluginRun,
    private readonly options: FeatureClusterOptions,
  ) {
    const shape = [options.clusters, run.model.featureSize];
    this.#slot = run.buffer('centroids', float32(shape));
  }

  /** The centroids in a step, [clusters, d]. */
  get centroids(): Tensor {
    return this.#slot.value;
  }

  /** Goes on from the centroids before; at first from the class means, or where there are others, k-means++. */
  async next(given: LabelledPoints, generator: Generator): Promise<Clusters> {
    const before = await savedCentroids(this.#slot);
    const found = before
      ? this.#goOn(given.points, before, generator)
      : this.#start(given, generator);
    this.#slot.assign(float32([found.centroids.n, found.centroids.d], found.centroids.data));
    return found;
  }

  #goOn(points: Features, before: Features, generator: Generator): Clusters {
    const settings = this.#settings(generator);
    const found = miniBatchKMeans(points, before, settings);
    // Features that have moved farther than they are apart leave clusters empty; those have new places now.
    const empty = found.sizes.includes(0);
    return empty ? miniBatchKMeans(points, found.centroids, settings) : found;
  }

  #start({ points, labels, classes }: LabelledPoints, generator: Generator): Clusters {
    const { clusters } = this.options;
    const first =
      clusters === classes
        ? classMeans(points, labels, classes)
        : firstCentroids(points, clusters, generator);
    return miniBatchKMeans(points, first, {
      ...this.#settings(generator),
      passes: INITIAL_PASSES,
    });
  }

  #settings(generator: Generator) {
    const { batchSize, normalize } = this.options;
    return { batchSize, spherical: normalize, generator };
  }
}
