import { KcrError } from '@kcr/core';
import { addProducts, BLOCK, type Features } from '@kcr/features';
import { Assigner, type AssignmentOptions } from './assignment.ts';
import { logConditional } from './log-conditional.ts';
import { mutualInformation } from './mutual-information.ts';

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
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(from + BLOCK, n);
    const [own, other] = [x.assign(from, to), input.assign(from, to)];
    addProducts({ values: own.phi, columns: A }, { values: other.phi, columns: B }, withInputs);
    for (let i = from; i < to; i++) {
      const [row, at] = [labels[i]! * A, (i - from) * A];
      for (let a = 0; a < A; a++) withClasses[row + a]! += own.phi[at + a]!;
    }
    for (let start = 0; start < other.phi.length; start += B)
      for (let b = 0; b < B; b++) {
        const [p, log] = [other.phi[start + b]!, other.log[start + b]!];
        meanPhi[b]! += p;
        meanLog[b]! += log;
        negativeEntropy += p * log;
      }
  }
  negativeEntropy /= n;
  for (const sum of [withInputs, withClasses, meanPhi, meanLog])
    for (let i = 0; i < sum.length; i++) sum[i]! /= n;
  const logQ = logConditional(withClasses, classes, A);
  const iXtX = mutualInformation(withInputs, A, B);
  const iXtY = mutualInformation(withClasses, classes, A);
  const classTerm = withClasses.reduce((sum, p, at) => sum - p * logQ[at]!, 0);
  const constant = meanPhi.reduce((sum, p, b) => sum - p * meanLog[b]!, 0);
  return { iXtX, iXtY, ib: iXtX - iXtY, ibb: negativeEntropy + classTerm, constant, logQ };
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
