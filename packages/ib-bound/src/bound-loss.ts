import { type Tensor, tf } from '@kcr/core';

export interface BoundLossOptions {
  /** Inverse temperature of the assignments. Default 1. */
  beta?: number;
  /** Scale features to length 1; the centroids must be so too. Default true. */
  normalize?: boolean;
}

/** What assigns features to clusters, constants of a step. */
export interface BoundClusters {
  /** [clusters, d] */
  centroids: Tensor;
  /** log Q(cluster | class), [classes, clusters] */
  logQ: Tensor;
}

/** Each row divided by its length. [n, d] */
const unit = (x: Tensor): Tensor =>
  tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)));

/**
 * The part of the bound that trains the network, -(1/n) sum_i sum_a phi(X~_i, a) log Q(a|y_i) (second term
 * of DCS eq. 1). The first term has no gradient: the assignments of an image sum to 1, which leaves the
 * entropy of the inputs' assignments.
 *
 * @param features [n, d]
 * @param targets one-hot or soft, [n, classes]
 * @returns scalar, at least 0
 */
export function boundLoss(
  features: Tensor,
  targets: Tensor,
  { centroids, logQ }: BoundClusters,
  { beta = 1, normalize = true }: BoundLossOptions = {},
): Tensor {
  const x = normalize ? unit(features) : features;
  // ||x||^2 is the same for all clusters of a row, so the softmax does not see it.
  const products = tf.mul(tf.matMul(x, centroids, false, true), 2);
  const closeness = tf.sub(products, tf.sum(tf.square(centroids), 1));
  const phi = tf.softmax(tf.mul(closeness, beta));
  return tf.div(tf.neg(tf.sum(tf.mul(phi, tf.matMul(targets, logQ)))), features.shape[0]!);
}
