import { type Tensor, tf } from '@kcr/core';

/**
 * Mean squared distance of features from a subspace, (1/n) sum_i ||(I - V V^T) F_i||^2: at least TNN_r,
 * with its gradient where V is the true top-r basis. The default form.
 *
 * @param features [n, d]
 * @param basis V, [d, r], orthonormal columns
 */
export function projectionTail(features: Tensor, basis: Tensor): Tensor {
  const captured = tf.matMul(features, basis);
  return meanPerRow(tf.sub(sumSquares(features), sumSquares(captured)), features);
}

/**
 * Mean squared distance from the frozen rank-r reconstruction, (1/n) sum_i ||F_i - G u_i||^2.
 *
 * @param factor G = F_old^T U, [d, r]
 * @param rowsOfU u_i of the batch's images, [n, r]
 */
export function reconstructionTail(features: Tensor, factor: Tensor, rowsOfU: Tensor): Tensor {
  const frozen = tf.matMul(rowsOfU, factor, false, true);
  return meanPerRow(sumSquares(tf.sub(features, frozen)), features);
}

/**
 * The paper's separable form, (1/n) sum_i ( ||F_i||^2 - F_i^T G u_i ) (KCR eq. 3). Its gradient is not
 * that of TNN_r: it draws features towards G u_i / 2.
 */
export function linearTail(features: Tensor, factor: Tensor, rowsOfU: Tensor): Tensor {
  const frozen = tf.matMul(rowsOfU, factor, false, true);
  return meanPerRow(tf.sub(sumSquares(features), tf.sum(tf.mul(features, frozen))), features);
}

const sumSquares = (x: Tensor) => tf.sum(tf.square(x));

const meanPerRow = (sum: Tensor, features: Tensor) => tf.div(sum, features.shape[0]!);
