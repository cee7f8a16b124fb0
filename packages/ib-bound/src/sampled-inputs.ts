import { type ArraySlot, float32, type PluginRun, type RefreshContext } from '@kcr/core';
import { type Features, rows, unitRows } from '@kcr/features';
import { clusterInputs } from './input-clusters.ts';
import { poolImages } from './pooled-pixels.ts';
import { savedCentroids } from './saved-centroids.ts';

export interface SampledInputOptions {
  clusters: number;
  /** Whether points and centroids have length 1. */
  normalize: boolean;
  /** Points to a step of K-means. Default 1024. */
  batchSize?: number;
  /** Cells per side to which images are averaged. */
  side: number;
}

/** The sampled images' pixels and their clusters: made once, and the same in a run that goes on. */
export class SampledInputs {
  readonly #slot: ArraySlot;
  readonly #rowOf: Map<number, number>;
  #points?: Features;

  /** @param images indices of the sampled images in the training set */
  constructor(
    private readonly run: PluginRun,
    private readonly options: SampledInputOptions,
    private readonly images: Int32Array,
  ) {
    const [height, width, channels] = run.model.inputShape;
    const { side, clusters } = options;
    const d = Math.min(side, height) * Math.min(side, width) * channels;
    this.#slot = run.buffer('inputCentroids', float32([clusters, d]));
    this.#rowOf = new Map(Array.from(images, (image, row) => [image, row]));
  }

  /** Pooled pixels of sampled images, and the centroids. */
  async of(context: RefreshContext, indices: Int32Array) {
    this.#points ??= await this.#read(context);
    const centroids = (await savedCentroids(this.#slot)) ?? this.#cluster(this.#points);
    const at = Int32Array.from(indices, (image) => this.#rowOf.get(image)!);
    return { points: rows(this.#points, at), centroids };
  }

  async #read(context: RefreshContext): Promise<Features> {
    const points = await poolImages(context.images(this.images), this.options.side);
    return this.options.normalize ? unitRows(points) : points;
  }

  #cluster(points: Features): Features {
    const { normalize, batchSize, clusters } = this.options;
    const generator = this.run.generator.fork('inputs');
    const centroids = clusterInputs(points, clusters, { normalize, batchSize, generator });
    this.#slot.assign(float32([centroids.n, centroids.d], centroids.data));
    return centroids;
  }
}
