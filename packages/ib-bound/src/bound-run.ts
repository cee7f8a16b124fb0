import {
  type ArraySlot,
  float32,
  type LossContext,
  type PluginRun,
  type RefreshContext,
  type Tensor,
} from '@kcr/core';
import { unitRows } from '@kcr/features';
import { boundLoss } from './bound-loss.ts';
import type { IbBoundSettings } from './bound-settings.ts';
import { effectiveClusters } from './effective-clusters.ts';
import { FeatureClusters } from './feature-clusters.ts';
import { type Information, information } from './information.ts';
import { ObservedFeatures } from './observed-features.ts';
import { SampledInputs } from './sampled-inputs.ts';

/** What the bound needs in a run: clusters, assignments and Q(a|y), and what they say of the features. */
export class BoundRun {
  readonly observed: ObservedFeatures;
  readonly #clusters: FeatureClusters;
  readonly #logQ: ArraySlot;
  readonly #inputs: SampledInputs;
  #latest?: { information: Information; sizes: Float64Array };

  constructor(
    private readonly run: PluginRun,
    private readonly settings: IbBoundSettings,
  ) {
    const { samples, clusters, inputClusters, normalize, batchSize, inputSide } = settings;
    const { classes } = run.model;
    const order = run.generator.fork('samples').permutation(run.samples);
    const sampled = order.slice(0, samples).sort();
    this.#clusters = new FeatureClusters(run, { clusters, normalize, batchSize });
    this.#logQ = run.buffer('logQ', float32([classes, clusters], -Math.log(clusters)));
    this.observed = new ObservedFeatures(run, sampled);
    const inputs = { clusters: inputClusters, normalize, batchSize, side: inputSide };
    this.#inputs = new SampledInputs(run, inputs, sampled);
  }

  /** The part of the bound that trains the network, a scalar. */
  loss({ features, targets }: Pick<LossContext, 'features' | 'targets'>): Tensor {
    const constants = { centroids: this.#clusters.centroids, logQ: this.#logQ.value };
    return boundLoss(features, targets, constants, this.settings);
  }

  /** Clusters the features that were observed, then assigns them, then makes Q(a|y). */
  async refresh(context: RefreshContext): Promise<void> {
    const { run, settings } = this;
    const { normalize, clusters } = settings;
    const { classes } = run.model;
    const { indices, features } = await this.observed.take(context);
    const points = normalize ? unitRows(features) : features;
    const labels = indices.map((i) => context.labels[i]!);
    const generator = run.generator.fork(`k-means:${context.epoch}`);
    const found = await this.#clusters.next({ points, labels, classes }, generator);
    const inputs = await this.#inputs.of(context, indices);
    const measured = information({
      features: points,
      featureCentroids: found.centroids,
      inputs: inputs.points,
      inputCentroids: inputs.centroids,
      labels,
      classes,
      beta: settings.beta,
      normalize,
    });
    this.#logQ.assign(float32([classes, clusters], measured.logQ));
    if (effectiveClusters(found.sizes) < Math.min(2, clusters))
      run.warn('the features have collapsed into one cluster; lower eta');
    this.#latest = { information: measured, sizes: found.sizes };
  }

  /** What the last refresh found; nothing before it. */
  get metrics(): Record<string, number> {
    if (!this.#latest) return {};
    const { sizes } = this.#latest;
    const { iXtX, iXtY, ib, ibb, constant } = this.#latest.information;
    return {
      iXtX,
      iXtY,
      ib,
      ibb,
      ibbConstant: constant,
      clusterUsage: effectiveClusters(sizes) / sizes.length,
      emptyClusters: sizes.filter((size) => size === 0).length,
    };
  }
}
