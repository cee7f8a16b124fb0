import type { Generator } from '@kcr/core';
import { type Features, rows } from '@kcr/features';
import { type Complexity, kernelComplexity } from './kernel-complexity.ts';
import { type LandmarkSampling, sampleLandmarks } from './landmarks.ts';
import { nystromDirections, nystromTails } from './nystrom.ts';
import { covariance, eigen } from './spectrum.ts';
import { checkRank, spectrumTails } from './spectrum-tails.ts';

export interface ComplexityOptions {
  /** r of TNN_r, 0..d. */
  rank: number;
  /** Number of landmarks, 1..n. */
  landmarks: number;
  sampling?: LandmarkSampling;
  generator: Generator;
}

/** How complex the kernel of a set of features is. Everything is a mean over images (K = F F^T / n). */
export interface ComplexityReport {
  n: number;
  d: number;
  rank: number;
  trace: number;
  tnn: number;
  tnnApprox: number;
  kc: Complexity;
  akc: Complexity;
  /** Eigenvalues, largest first. */
  spectrum: Float64Array;
}

/**
 * TNN and KC of features, exactly and by the Nystrom method.
 *
 * @throws KcrError `RANK`, `LANDMARKS`
 */
export function complexity(features: Features, options: ComplexityOptions): ComplexityReport {
  const { rank, landmarks, sampling = 'uniform', generator } = options;
  const { n, d } = features;
  checkRank(rank, d);
  const chosen = sampleLandmarks(features, landmarks, sampling, generator);
  const s = covariance(features);
  const spectrum = eigen(s).values;
  const tails = spectrumTails(spectrum);
  const approximate = nystromTails(s, nystromDirections(rows(features, chosen)));
  return {
    n,
    d,
    rank,
    trace: s.trace(),
    tnn: tails[rank]!,
    tnnApprox: approximate[rank]!,
    kc: kernelComplexity(tails, n),
    akc: kernelComplexity(approximate, n),
    spectrum,
  };
}
