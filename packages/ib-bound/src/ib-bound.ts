import {
  type ArraySlot,
  definePlugin,
  float32,
  type Generator,
  KcrError,
  type NdArray,
  type PluginHooks,
  type PluginRun,
  type RefreshContext,
  tf,
  weightAfterWarmup,
} from '@kcr/core';
import { type Features, rows, toFeatures } from '@kcr/features';
import { unitRows } from './assignment.ts';
import { type Information, information } from './information.ts';
import {
  type Clusters,
  classMeans,
  effectiveClusters,
  firstCentroids,
  miniBatchKMeans,
} from './k-means.ts';
import { boundLoss } from './loss.ts';
import { clusterInputs, sampleSize } from './measure.ts';
import { poolImages } from './pooled-pixels.ts';

export interface IbBoundOptions {
  /** Weight of the bound; with 0 the plugin only measures. Default 50 (DCS). */
  eta?: number;
  /** Share of the epochs that train with cross-entropy alone. Default 0.3 (DCS: 90 of 300). */
  warmup?: number;
  /** Inverse temperature of the assignments. Default 1. */
  beta?: number;
  /** Cluster and score features and inputs scaled to length 1. Default true. */
  normalize?: boolean;
  /** Clusters of features, A. Default: the number of classes, and then the class means come first. */
  clusters?: number;
  /** Clusters of inputs, B. Default: the number of classes. */
  inputClusters?: number;
  /**
   * Training images that clusters, Q and the measurements are made from. Default: all, but at most 50 per
   * cluster or 10,000, whichever is more.
   */
  samples?: number;
  /** Points to a step of K-means. Default 1024. */
  batchSize?: number;
  /** Cells per side to which images are averaged before they are clustered. Default 16. */
  inputSide?: number;
}

/** Passes of K-means where it starts. */
const INITIAL_PASSES = 3;

/**
 * DCS's regulariser: eta times the variational bound of the information bottleneck (DCS 3.3, Theorem 3.1).
 * After each epoch K-means goes on from the centroids before, on the features that the epoch's steps gave;
 * then soft assignments, then Q(a|y) follow, in this order, so that all speak of the same clusters.
 *
 * Metrics, over those features: iXtX, iXtY, ib, ibb, ibbConstant (see {@link Information}), clusterUsage
 * (effective number of clusters, as a share) and emptyClusters.
 *
 * @throws KcrError `OPTION` when attached, for a warm-up outside 0..1 or counts that cannot be
 */
export const ibBound = definePlugin(
  'ib-bound',
  (options: IbBoundOptions) =>
    (run: PluginRun): PluginHooks => {
      const { eta = 50, warmup = 0.3, beta = 1, normalize = true } = options;
      const { classes, featureSize: d } = run.model;
      const { clusters = classes, inputClusters = classes } = options;
      const { samples = sampleSize(run.samples, clusters, inputClusters) } = options;
      checkCounts({ samples, clusters, inputClusters }, run.samples);
      const order = run.generator.fork('samples').permutation(run.samples);
      const sampled = order.slice(0, samples).sort();
      const { starts, weight } = weightAfterWarmup(run, 'ib-bound', eta, warmup);
      const centroids = run.buffer('centroids', float32([clusters, d]));
      const logQ = run.buffer('logQ', float32([classes, clusters], -Math.log(clusters)));
      const observed = new ObservedFeatures(sampled, d);
      const inputs = new InputClusters(run, options, sampled);
      let latest: { information: Information; sizes: Float64Array } | undefined;

      return {
        observe: ({ indices, features }) => observed.add(indices, features.data),

        loss:
          eta === 0
            ? undefined
            : ({ features, targets }) =>
                tf.mul(
                  weight.value,
                  boundLoss(
                    features,
                    targets,
                    { centroids: centroids.value, logQ: logQ.value },
                    { beta, normalize },
                  ),
                ),

        async refresh(context) {
          if (context.epoch === 0 && starts > 0) return;
          const { indices, features } = await observed.take(context);
          const points = normalize ? unitRows(features) : features;
          const labels = indices.map((i) => context.labels[i]!);
          const generator = run.generator.fork(`k-means:${context.epoch}`);
          const found = await cluster(points, { labels, classes }, centroids, {
            normalize,
            batchSize: options.batchSize,
            generator,
          });
          const { points: pixels, centroids: inputCentroids } = await inputs.of(context, indices);
          const measured = information({
            features: points,
            featureCentroids: found.centroids,
            inputs: pixels,
            inputCentroids,
            labels,
            classes,
            beta,
            normalize,
          });
          centroids.assign(float32([clusters, d], found.centroids.data));
          logQ.assign(float32([classes, clusters], measured.logQ));
          if (effectiveClusters(found.sizes) < Math.min(2, clusters))
            run.warn('the features have collapsed into one cluster; lower eta');
          latest = { information: measured, sizes: found.sizes };
        },

        async metrics(): Promise<Record<string, number>> {
          if (!latest) return {};
          const { sizes } = latest;
          const { iXtX, iXtY, ib, ibb, constant } = latest.information;
          return {
            iXtX,
            iXtY,
            ib,
            ibb,
            ibbConstant: constant,
            clusterUsage: effectiveClusters(sizes) / sizes.length,
            emptyClusters: sizes.filter((size) => size === 0).length,
          };
        },
      };
    },
  {
    ib: { title: 'Information bottleneck I(X~,X) - I(X~,Y)', y: 'nats' },
    ibb: { title: 'Its bound, without the constant', y: 'nats' },
  },
);

/** @throws KcrError `OPTION` */
function checkCounts(
  counts: { samples: number; clusters: number; inputClusters: number },
  images: number,
): void {
  for (const [name, count] of Object.entries(counts)) {
    const most = name === 'samples' ? images : counts.samples;
    if (!Number.isInteger(count) || count < 1 || count > most)
      throw new KcrError('OPTION', {
        where: `ib-bound, ${name}`,
        found: String(count),
        fix: `Choose a whole number from 1 to ${most}`,
      });
  }
}

interface ClusterOptions {
  normalize: boolean;
  batchSize: number | undefined;
  generator: Generator;
}

/** Goes on from the centroids before; at first from the class means, or where there are others, k-means++. */
async function cluster(
  points: Features,
  { labels, classes }: { labels: Int32Array; classes: number },
  slot: ArraySlot,
  { normalize, batchSize, generator }: ClusterOptions,
): Promise<Clusters> {
  const before = await slot.read();
  const [clusters] = before.shape as [number];
  const settings = { batchSize, spherical: normalize, generator };
  if (isSet(before)) {
    const found = miniBatchKMeans(points, toFeatures(before), settings);
    // Features that have moved farther than they are apart leave clusters empty; those have new places now.
    const empty = found.sizes.includes(0);
    return empty ? miniBatchKMeans(points, found.centroids, settings) : found;
  }
  const first =
    clusters === classes
      ? classMeans(points, labels, classes)
      : firstCentroids(points, clusters, generator);
  return miniBatchKMeans(points, first, { ...settings, passes: INITIAL_PASSES });
}

/** Whether a buffer of centroids has left its initial zeros. */
const isSet = ({ data }: NdArray) => data.some((x) => x !== 0);

/** The features that training steps gave of the sampled images, since they were last taken. */
class ObservedFeatures {
  readonly #rowOf: Map<number, number>;
  readonly #values: Float32Array;
  readonly #seen: Uint8Array;

  constructor(
    private readonly images: Int32Array,
    private readonly d: number,
  ) {
    this.#rowOf = new Map(Array.from(images, (image, row) => [image, row]));
    this.#values = new Float32Array(images.length * d);
    this.#seen = new Uint8Array(images.length);
  }

  add(indices: Int32Array, features: ArrayLike<number>): void {
    indices.forEach((image, i) => {
      const row = this.#rowOf.get(image);
      if (row === undefined) return;
      this.#seen[row] = 1;
      for (let j = 0; j < this.d; j++) this.#values[row * this.d + j] = features[i * this.d + j]!;
    });
  }

  /** Those of the images that were seen; before the first step those of all, by a pass over them. */
  async take(context: RefreshContext): Promise<{ indices: Int32Array; features: Features }> {
    const all = { n: this.images.length, d: this.d, data: this.#values };
    const seen = Int32Array.from(this.#seen.keys()).filter((row) => this.#seen[row] === 1);
    if (seen.length === 0)
      return {
        indices: this.images,
        features: toFeatures(await context.features(this.images)),
      };
    const taken = { indices: seen.map((row) => this.images[row]!), features: rows(all, seen) };
    this.#seen.fill(0);
    return taken;
  }
}

/** The clusters of the sampled images' pixels: made once, and the same in a run that goes on. */
class InputClusters {
  readonly #slot: ArraySlot;
  readonly #rowOf: Map<number, number>;
  #points?: Features;

  constructor(
    private readonly run: PluginRun,
    private readonly options: IbBoundOptions,
    private readonly images: Int32Array,
  ) {
    const [height, width, channels] = run.model.inputShape;
    const { inputSide: side = 16, inputClusters = run.model.classes } = options;
    const d = Math.min(side, height) * Math.min(side, width) * channels;
    this.#slot = run.buffer('inputCentroids', float32([inputClusters, d]));
    this.#rowOf = new Map(Array.from(images, (image, row) => [image, row]));
  }

  /** Pooled pixels of sampled images, and the centroids. */
  async of(context: RefreshContext, indices: Int32Array) {
    this.#points ??= await this.#read(context);
    const saved = await this.#slot.read();
    const centroids = isSet(saved) ? toFeatures(saved) : this.#cluster(this.#points);
    const at = Int32Array.from(indices, (image) => this.#rowOf.get(image)!);
    return { points: rows(this.#points, at), centroids };
  }

  async #read(context: RefreshContext): Promise<Features> {
    const { inputSide, normalize = true } = this.options;
    const points = await poolImages(context.images(this.images), inputSide);
    return normalize ? unitRows(points) : points;
  }

  #cluster(points: Features): Features {
    const { normalize = true, batchSize, inputClusters = this.run.model.classes } = this.options;
    const generator = this.run.generator.fork('inputs');
    const centroids = clusterInputs(points, inputClusters, { normalize, batchSize, generator });
    this.#slot.assign(float32([centroids.n, centroids.d], centroids.data));
    return centroids;
  }
}
