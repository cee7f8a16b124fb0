import { constant, float32, type NdArray, type Tensor, tf } from '@kcr/core';

/**
 * A filter of one axis as a matrix, F^-1 diag(g) F: real and symmetric, since g is the same for k and -k.
 *
 * @param n positions
 * @param gain g of a frequency, 0 to n / 2 bins
 * @returns [n, n]
 */
export function filterMatrix(n: number, gain: (frequency: number) => number): NdArray {
  const gains = Float64Array.from({ length: n }, (_, k) => gain(Math.min(k, n - k)));
  const kernel = Float64Array.from({ length: n }, (_, shift) =>
    gains.reduce((sum, g, k) => sum + (g * Math.cos((2 * Math.PI * k * shift) / n)) / n, 0),
  );
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) matrix[i * n + j] = kernel[(i - j + n) % n]!;
  return float32([n, n], matrix);
}

/**
 * A Gaussian low-pass filter of one axis, g(k) = exp(-k^2 / (2 std^2)); its rows sum to 1.
 *
 * @param std in frequency bins
 * @returns [n, n]
 */
export const lowPassMatrix = (n: number, std: number): NdArray =>
  filterMatrix(n, (frequency) => Math.exp(-(frequency ** 2) / (2 * std ** 2)));

/**
 * Images with their high frequencies damped (VTC-LFC 3.1): the Gaussian exp(-(u^2 + v^2) / (2 std^2)) over the
 * spectrum, centred on DC, std = sigma min(height, width) / 2 bins. As products with real matrices along rows
 * and columns, it runs and differentiates on every engine, for images of any size.
 *
 * @param images [batch, height, width, channels]
 * @param sigma cut-off; 0.1 in the paper
 * @returns the same shape
 */
export function lowPass(images: Tensor, sigma: number): Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const std = (sigma * Math.min(height, width)) / 2;
  const alongColumns = constant(lowPassMatrix(height, std));
  const columns = tf.reshape(tf.transpose(images, [1, 0, 2, 3]), [height, -1]);
  const once = tf.reshape(tf.matMul(alongColumns, columns), [height, batch, width, channels]);
  const alongRows = constant(lowPassMatrix(width, std));
  const rows = tf.reshape(tf.transpose(once, [2, 1, 0, 3]), [width, -1]);
  const both = tf.reshape(tf.matMul(alongRows, rows), [width, batch, height, channels]);
  return tf.transpose(both, [1, 2, 0, 3]);
}
