import { constant, float32, type NdArray, type Tensor, tf } from '@kcr/core';

/**
 * A Gaussian low-pass filter of one axis as a matrix, F^-1 diag(g) F with g(k) = exp(-k^2 / (2 std^2)) for
 * the frequencies k = -n/2..n/2: real, symmetric, with rows that sum to 1.
 *
 * @param n positions
 * @param std in frequency bins
 * @returns [n, n]
 */
export function lowPassMatrix(n: number, std: number): NdArray {
  const kernel = Float64Array.from({ length: n }, (_, shift) => {
    let sum = 0;
    for (let k = 0; k < n; k++) {
      const frequency = Math.min(k, n - k);
      const gain = Math.exp(-(frequency ** 2) / (2 * std ** 2));
      sum += (gain * Math.cos((2 * Math.PI * k * shift) / n)) / n;
    }
    return sum;
  });
  const matrix = new Float32Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) matrix[i * n + j] = kernel[(i - j + n) % n]!;
  return float32([n, n], matrix);
}

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
