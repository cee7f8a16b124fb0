import { KcrError, type PluginRun } from '@kcr/core';
import { sampleSize } from './sample-size.ts';

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

/** The options of a run with their defaults. */
export type IbBoundSettings = Required<Omit<IbBoundOptions, 'batchSize'>> &
  Pick<IbBoundOptions, 'batchSize'>;

/** @throws KcrError `OPTION` for counts that cannot be */
export function settingsOf(
  options: IbBoundOptions,
  run: Pick<PluginRun, 'model' | 'samples'>,
): IbBoundSettings {
  const { eta = 50, warmup = 0.3, beta = 1, normalize = true, inputSide = 16 } = options;
  const { clusters = run.model.classes, inputClusters = run.model.classes } = options;
  const { samples = sampleSize(run.samples, clusters, inputClusters), batchSize } = options;
  checkCounts({ samples, clusters, inputClusters }, run.samples);
  const counts = { clusters, inputClusters, samples, batchSize, inputSide };
  return { eta, warmup, beta, normalize, ...counts };
}

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
