import { type Generator, type RefreshContext, range } from '@kcr/core';
import { type Features, joinRows, rows, toFeatures } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { type LandmarkSampling, landmarkFeatures } from './landmarks.ts';
import { landmarkDirections } from './nystrom.ts';
import { CovarianceSum, covariance, type Eigen, eigen } from './spectrum.ts';

/** Images whose features are in memory at once where they are summed. */
const CHUNK = 4096;

/** What a refresh reads, and how it chooses landmarks. */
export interface ReadOptions {
  /** Number of training images. */
  samples: number;
  landmarks: number;
  sampling: LandmarkSampling;
  /** Whether S of all images is needed. */
  needsAll: boolean;
  /** Whether the features of all images are. */
  keepsAll: boolean;
  generator: Generator;
}

/** What a refresh found. */
export interface Reading {
  /** m */
  readonly landmarks: number;
  /** V, and the eigenvalues of the landmarks' own covariance. */
  readonly directions: Eigen;
  /** S of all images with its eigenpairs, where it was needed. */
  readonly all?: { readonly s: Matrix; readonly spectrum: Eigen };
  /** The features of all images, where they were to be kept. */
  readonly features?: Features;
}

/**
 * Reads features between two epochs. Uniform landmarks are known before, so that no more than they, or than S and
 * they, are kept in memory; other ways of choosing see all features first.
 */
export async function readFeatures(
  context: Pick<RefreshContext, 'features'>,
  options: ReadOptions,
): Promise<Reading> {
  const { samples, landmarks, sampling, needsAll, keepsAll, generator } = options;
  if (sampling === 'uniform' && !keepsAll) {
    const chosen = generator.permutation(samples).slice(0, landmarks).sort();
    if (needsAll) return await streamed(context, samples, chosen);
    return readingOf(toFeatures(await context.features(chosen)));
  }
  const features = toFeatures(await context.features());
  const chosen = landmarkFeatures(features, landmarks, sampling, generator);
  const s = needsAll ? covariance(features) : undefined;
  return { ...readingOf(chosen, s), ...(keepsAll ? { features } : {}) };
}

const readingOf = (landmarks: Features, s?: Matrix): Reading => ({
  landmarks: landmarks.n,
  directions: landmarkDirections(landmarks),
  ...(s ? { all: { s, spectrum: eigen(s) } } : {}),
});

/** One pass over all images: S, and the features of those chosen. @param chosen ascending */
async function streamed(
  context: Pick<RefreshContext, 'features'>,
  samples: number,
  chosen: Int32Array,
): Promise<Reading> {
  const kept: Features[] = [];
  let sum: CovarianceSum | undefined;
  for (let from = 0; from < samples; from += CHUNK) {
    const to = Math.min(from + CHUNK, samples);
    const part = toFeatures(await context.features(range(samples).subarray(from, to)));
    sum ??= new CovarianceSum(part.d);
    sum.add(part);
    const own = chosen.filter((i) => i >= from && i < to).map((i) => i - from);
    kept.push(rows(part, own));
  }
  return readingOf(joinRows(kept), sum?.matrix());
}
