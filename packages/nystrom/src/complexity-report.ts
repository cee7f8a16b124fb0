import type { Generator } from '@kcr/core';
import type { Features } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { type Complexity, kernelComplexity } from './kernel-complexity.ts';
import { type LandmarkSampling, landmarkFeatures } from './landmarks.ts';
import { landmarkDirections, nystromTails } from './nystrom.ts';
import { covariance, type Eigen, eigen } from './spectrum.ts';
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
export const complexity = (features: Features, options: ComplexityOptions): ComplexityReport =>
  decomposed(features, options).report;

/** The same with what it was made from: S, and its eigenpairs. @throws KcrError `RANK`, `LANDMARKS` */
export function decomposed(
  features: Features,
  options: ComplexityOptions,
): { report: ComplexityReport; s: Matrix; spectrum: Eigen } {
  const { n, d } = features;
  const { landmarks = defaultLandmarks(features), sampling = 'uniform', generator } = options;
  if (options.rank !== undefined) checkRank(options.rank, d);
  const s = covariance(features);
  const all = eigen(s);
  const chosen = landmarkFeatures(features, landmarks, sampling, generator, all);
  const exact = spectrumTails(all.values);
  const approximate = nystromTails(all, landmarkDirections(chosen).vectors);
  const kc = kernelComplexity(exact, n);
  const rank = options.rank ?? kc.argmin;
  const report = {
    n,
    d,
    rank,
    landmarks,
    sampling,
    trace: s.trace(),
    tnn: exact[rank]!,
    kc,
    aTnn: approximate[rank]!,
    aKc: kernelComplexity(approximate, n),
    spectrum: all.values,
  };
  return { report, s, spectrum: all };
}
