import { type Features, KcrError } from '@kcr/core';
import { Assigner, type AssignmentOptions } from './assignment.ts';

/** Smallest value of Q(a|y) whose logarithm is taken. */
export const MIN_Q = 1e-8;

/** What the information bottleneck is made of, in nats. */
export interface Information {
  /** I(X~, X) between the clusters of features and those of inputs. */
  iXtX: number;
  /** I(X~, Y) between the clusters of features and the classes. */
  iXtY: number;
  /** I(X~, X) - I(X~, Y); smaller is better. */
  ib: number;
  /** The variational bound (DCS eq. 1), without the constant that makes it one. */
  ibb: number;
  /**
   * Mean cross-entropy between the cluster assignments of all pairs of inputs: ib <= ibb + constant.
   * DCS's theorem 3.1 drops this term of its lemma F.1, and ib <= ibb does not hold. It does not depend on
   * the network.
   */
  constant: number;
  /** log Q(a|y), [classes, clusters of features]; uniform for a class without images. */
  logQ: Float64Array;
}

export interface InformationOptions extends AssignmentOptions {
  /** [n, d] */
  features: Features;
  /** [A, d] */
  featureCentroids: Features;
  /** [n, p] */
  inputs: Features;
  /** [B, p] */
  inputCentroids: Features;
  /** Class of every image, 0..classes - 1. */
  labels: ArrayLike<number>;
  classes: number;
}

/** Mutual information of two variables in nats, from their joint distribution [rows, columns] (sum 1). */
export function mutualInformation(joint: Float64Array, rows: number, columns: number): number {
  const [byRow, byColumn] = [new Float64Array(rows), new Float64Array(columns)];
  joint.forEach((p, at) => {
    byRow[Math.floor(at / columns)]! += p;
    byColumn[at % columns]! += p;
  });
  let sum = 0;
  joint.forEach((p, at) => {
    if (p > 0)
      sum += p * Math.log(p / (byRow[Math.floor(at / columns)]! * byColumn[at % columns]!));
  });
  return sum;
}

/**
 * The information bottleneck of features and its bound, exactly and in float64 (DCS 3.3).
 *
 * @throws KcrError `CENTROIDS_SHAPE`, `LABELS`
 */
export function information(options: InformationOptions): Information {
  const { features, inputs, labels, classes, featureCentroids, inputCentroids } = options;
  checkLabels(labels, classes, features.n, inputs.n);
  const { n } = features;
  const [x, input] = [
    new Assigner(features, featureCentroids, options),
    new Assigner(inputs, inputCentroids, options),
  ];
  const [A, B] = [x.clusters, input.clusters];
  const withInputs = new Float64Array(A * B);
  const withClasses = new Float64Array(classes * A);
  const [meanPhi, meanLog] = [new Float64Array(B), new Float64Array(B)];
  let negativeEntropy = 0;
  for (let i = 0; i < n; i++) {
    x.assign(i);
    input.assign(i);
    const ofClass = labels[i]! * A;
    for (let a = 0; a < A; a++) {
      const share = x.phi[a]! / n;
      withClasses[ofClass + a]! += share;
      for (let b = 0; b < B; b++) withInputs[a * B + b]! += share * input.phi[b]!;
    }
    for (let b = 0; b < B; b++) {
      meanPhi[b]! += input.phi[b]! / n;
      meanLog[b]! += input.log[b]! / n;
      negativeEntropy += (input.phi[b]! * input.log[b]!) / n;
    }
  }
  const logQ = logConditional(withClasses, classes, A);
  const iXtX = mutualInformation(withInputs, A, B);
  const iXtY = mutualInformation(withClasses, classes, A);
  const classTerm = withClasses.reduce((sum, p, at) => sum - p * logQ[at]!, 0);
  const constant = meanPhi.reduce((sum, p, b) => sum - p * meanLog[b]!, 0);
  return { iXtX, iXtY, ib: iXtX - iXtY, ibb: negativeEntropy + classTerm, constant, logQ };
}

/**
 * log Q(a|y) from the joint distribution of classes and clusters [classes, clusters] (DCS eq. 8), at least
 * log {@link MIN_Q}; uniform where a class has no images.
 */
export function logConditional(
  joint: Float64Array,
  classes: number,
  clusters: number,
): Float64Array {
  const logQ = new Float64Array(joint.length).fill(-Math.log(clusters));
  for (let y = 0; y < classes; y++) {
    const column = joint.subarray(y * clusters, (y + 1) * clusters);
    const total = column.reduce((sum, p) => sum + p, 0);
    if (total === 0) continue;
    column.forEach((p, a) => {
      logQ[y * clusters + a] = Math.log(Math.max(p / total, MIN_Q));
    });
  }
  return logQ;
}

function checkLabels(labels: ArrayLike<number>, classes: number, n: number, inputs: number): void {
  const fail = (found: string, fix: string) => {
    throw new KcrError('LABELS', { where: 'information', found, fix });
  };
  if (labels.length !== n || inputs !== n)
    fail(
      `${n} rows of features, ${inputs} of inputs and ${labels.length} labels`,
      'Give one of each for every image',
    );
  for (let i = 0; i < n; i++)
    if (!Number.isInteger(labels[i]) || labels[i]! < 0 || labels[i]! >= classes)
      fail(`label ${labels[i]} at ${i}`, `Use classes 0 to ${classes - 1}`);
}
