import { type Generator, type RefreshContext, range } from '@kcr/core';
import { type Features, joinRows, rows, toFeatures } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { CrossSum, type LabelledMoments } from './labelled-sums.ts';
import { type LandmarkSampling, landmarkFeatures } from './landmarks.ts';
import { landmarkDirections } from './nystrom.ts';
import { CovarianceSum, type Eigen, eigen } from './spectrum.ts';

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
  /** With S of all images the sums of their classes are taken. */
  labelled?: { labels: Int32Array; classes: number };
  generator: Generator;
}

/** What a refresh found. */
export interface Reading {
  /** m */
  readonly landmarks: number;
  /** V, and the eigenvalues of the landmarks' own covariance. */
  readonly directions: Eigen;
  /** S of all images with its eigenpairs, where it was needed, and F^T Y / n where classes were told. */
  readonly all?: Pick<LabelledMoments, 'n' | 's'> & {
    readonly spectrum: Eigen;
    readonly cross?: Matrix;
  };
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
    if (!needsAll) return readingOf(toFeatures(await context.features(chosen)));
    const sums = new Sums(options.labelled);
    const kept: Features[] = [];
    let from = 0;
    for await (const part of inParts(context, samples)) {
      sums.add(part);
      const to = from + part.n;
      kept.push(
        rows(
          part,
          chosen.filter((i) => i >= from && i < to).map((i) => i - from),
        ),
      );
      from = to;
    }
    return readingOf(joinRows(kept), sums.found);
  }
  const features = toFeatures(await context.features());
  const chosen = landmarkFeatures(features, landmarks, sampling, generator);
  const sums = new Sums(options.labelled);
  if (needsAll) sums.add(features);
  return { ...readingOf(chosen, sums.found), ...(keepsAll ? { features } : {}) };
}

/** Features of images 0..n-1, so many at once that memory does not grow with n. */
export async function* inParts(
  { features }: Pick<RefreshContext, 'features'>,
  n: number,
): AsyncGenerator<Features> {
  for (let from = 0; from < n; from += CHUNK)
    yield toFeatures(await features(range(n).subarray(from, from + CHUNK)));
}

/** What is summed over all images. */
class Sums {
  #s: CovarianceSum | undefined;
  #cross: CrossSum | undefined;

  constructor(private readonly labelled: ReadOptions['labelled']) {}

  add(part: Features): void {
    this.#s ??= new CovarianceSum(part.d);
    if (this.labelled) {
      const { labels, classes } = this.labelled;
      this.#cross ??= new CrossSum(part.d, classes);
      this.#cross.add(part, labels.subarray(this.#s.n, this.#s.n + part.n));
    }
    this.#s.add(part);
  }

  get found(): Reading['all'] {
    if (!this.#s) return undefined;
    const s = this.#s.matrix();
    const cross = this.#cross?.matrix();
    return { n: this.#s.n, s, spectrum: eigen(s), ...(cross ? { cross } : {}) };
  }
}

const readingOf = (landmarks: Features, all?: Reading['all']): Reading => ({
  landmarks: landmarks.n,
  directions: landmarkDirections(landmarks),
  ...(all ? { all } : {}),
});
