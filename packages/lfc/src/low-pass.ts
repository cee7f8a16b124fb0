import { constant, float32, type NdArray, type Tensor, tf } from '@kcr/core';

/**
 * A filter of one axis as a matrix, F^-1 diag(g) F: complex, since g may differ for k and -k.
 *
 * @param gains g of the bins 0 to n - 1, as a discrete Fourier transform orders them
 * @returns its real and its imaginary part, [n, n] each
 */
export function filterMatrices(gains: Float64Array): { real: NdArray; imaginary: NdArray } {
  const n = gains.length;
  const part = (of: (angle: number) => number): NdArray => {
    const kernel = Float64Array.from({ length: n }, (_, shift) =>
      gains.reduce((sum, g, k) => sum + (g * of((2 * Math.PI * k * shift) / n)) / n, 0),
    );
    return float32(
      [n, n],
      Float32Array.from(
        { length: n * n },
        (_, i) => kernel[(Math.floor(i / n) - (i % n) + n) % n]!,
      ),
    );
  };
  return { real: part(Math.cos), imaginary: part(Math.sin) };
}

/**
 * A Gaussian low-pass filter of one axis, g(k) = exp(-k^2 / (2 std^2)); its rows sum to 1.
 *
 * @param std in frequency bins
 * @returns [n, n]
 */
export const lowPassMatrix = (n: number, std: number): NdArray =>
  filterMatrices(
    Float64Array.from({ length: n }, (_, k) =>
      Math.exp(-(Math.min(k, n - k) ** 2) / (2 * std ** 2)),
    ),
  ).real;

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
