import type { Generator } from '@kcr/core';
import { type Features, rows } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { type Complexity, checkRank, kernelComplexity, spectrumTails } from './complexity.ts';
import { type LandmarkSampling, sampleLandmarks } from './landmarks.ts';
import { covariance, type Eigen, eigen } from './spectrum.ts';

/** Eigenvalues below this share of the first are taken as zero. */
const EPSILON = 1e-7;

/**
 * The directions that landmarks span, in feature space: V = F_I^T V_r (n S_r)^(-1/2), orthonormal columns
 * by falling eigenvalue, as many as the landmarks' rank (KCR 3.2 by the Nystrom method).
 *
 * V's columns are the right singular vectors of F_I, so the smaller of F_I^T F_I and F_I F_I^T is
 * decomposed.
 */
export function nystromDirections(landmarks: Features): Eigen {
  const { n: m, d, data } = landmarks;
  const wide = m < d;
  const factor = new Matrix(m, d);
  if (wide)
    for (let i = 0; i < m; i++) for (let j = 0; j < d; j++) factor.set(i, j, data[i * d + j]!);
  const gram = wide ? factor.mmul(factor.transpose()).div(m) : covariance(landmarks);
  const { values, vectors } = eigen(gram);
  const rank = values.filter((v) => v > EPSILON * (values[0] || 1)).length;
  const first = vectors.subMatrix(0, vectors.rows - 1, 0, Math.max(rank, 1) - 1);
  if (!wide) return { values: values.slice(0, rank), vectors: first };
  const columns = factor.transpose().mmul(first);
  for (let k = 0; k < first.columns; k++) columns.mulColumn(k, 1 / Math.sqrt(m * values[k]! || 1));
  return { values: values.slice(0, rank), vectors: columns };
}

/**
 * Approximate TNN_r for r = 0..d: trace(S) - trace(V_r^T S V_r) with the first r Nystrom directions.
 * At least the true TNN_r (Ky Fan), and equal to it where the landmarks are all images.
 *
 * @param s [d, d], the covariance of all images
 */
export function nystromTails(s: Matrix, { vectors }: Eigen): Float64Array {
  const d = s.rows;
  const projected = s.mmul(vectors);
  const tails = new Float64Array(d + 1).fill(s.trace());
  let captured = 0;
  for (let r = 1; r <= d; r++) {
    for (let j = 0; r <= vectors.columns && j < d; j++)
      captured += vectors.get(j, r - 1) * projected.get(j, r - 1);
    tails[r] = Math.max(tails[0]! - captured, 0);
  }
  return tails;
}

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
