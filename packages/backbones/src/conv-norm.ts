import {
  type Activation,
  batchNorm,
  type ConvOptions,
  conv2d,
  type Dim,
  type Scope,
  type Tensor,
} from '@kcr/core';

export interface ConvNormOptions extends ConvOptions {
  /** Name of the batch norm; absent: none. */
  norm?: 'bn' | 'norm';
  activation?: Activation;
}

/**
 * A convolution `conv`, with a batch norm or (by default) a bias, and an activation.
 *
 * @param x [batch, height, width, in]
 * @returns [batch, height', width', out]
 */
export function convNorm(
  m: Scope,
  x: Tensor,
  input: Dim | number | readonly Dim[],
  output: Dim,
  { norm, activation = (y) => y, ...options }: ConvNormOptions,
): Tensor {
  const y = conv2d(m.child('conv'), x, input, output, { bias: !norm, ...options });
  return activation(norm ? batchNorm(m.child(norm), y, output) : y);
}
