import type { Generator } from '@kcr/core';
import type { Features } from '@kcr/features';
import { type Complexity, kernelComplexity } from './kernel-complexity.ts';
import { checkLandmarks, type LandmarkSampling, landmarkFeatures } from './landmarks.ts';
import { landmarkDirections, nystromTails } from './nystrom.ts';
import type { Reading } from './reading.ts';
import { covariance, eigen } from './spectrum.ts';
import { checkRank, spectrumTails } from './spectrum-tails.ts';

export interface ComplexityOptions {
  /** r of TNN_r, 0..d. Default: the argmin of KC. */
  rank?: number;
  /** m, the number of landmarks, 1..n. Default: {@link defaultLandmarks}. */
  landmarks?: number;
  sampling?: LandmarkSampling;
  generator: Generator;
}

/** Landmarks where no number is given: four times the features, at most all images. */
export const defaultLandmarks = ({ n, d }: Pick<Features, 'n' | 'd'>): number => Math.min(4 * d, n);

/**
 * How complex the kernel of a set of features is (K = F F^T / n). `tnn` and `kc` are exact over all n images; `aTnn` and
 * `aKc` are their Nystrom values from the landmarks.
 */
export interface ComplexityReport {
  n: number;
  d: number;
  rank: number;
  /** m. */
  landmarks: number;
  sampling: LandmarkSampling;
  trace: number;
  /** TNN_r */
  tnn: number;
  kc: Complexity;
  aTnn: number;
  aKc: Complexity;
  /** Eigenvalues, largest first. */
  spectrum: Float64Array;
}

/**
 * TNN and KC of features, exactly and by the Nystrom method.
 *
 * @throws KcrError `RANK`, `LANDMARKS`
 */
export function complexity(features: Features, options: ComplexityOptions): ComplexityReport {
  const { n, d } = features;
  const { landmarks = defaultLandmarks(features), sampling = 'uniform', generator } = options;
  if (options.rank !== undefined) checkRank(options.rank, d);
  checkLandmarks(landmarks, n);
  const s = covariance(features);
  const spectrum = eigen(s);
  const chosen = landmarkFeatures(features, landmarks, sampling, generator, spectrum);
  const directions = landmarkDirections(chosen);
  return reportOf({ landmarks, directions, all: { n, read: n, s, spectrum } }, options);
}

/** The report of what was read. @param reading with S @throws KcrError `RANK` */
export function reportOf(
  { landmarks, directions, all }: Reading,
  { rank, sampling = 'uniform' }: Pick<ComplexityOptions, 'rank' | 'sampling'>,
): ComplexityReport {
  const { n, s, spectrum } = all!;
  const d = s.rows;
  if (rank !== undefined) checkRank(rank, d);
  const exact = spectrumTails(spectrum.values);
  const approximate = nystromTails(spectrum, directions.vectors);
  const kc = kernelComplexity(exact, n);
  const r = rank ?? kc.argmin;
  return {
    n,
    d,
    rank: r,
    landmarks,
    sampling,
    trace: s.trace(),
    tnn: exact[r]!,
    kc,
    aTnn: approximate[r]!,
    aKc: kernelComplexity(approximate, n),
    spectrum: spectrum.values,
  };
}
