import type { Axis, Dim } from '../model/dim.ts';
import type { Scope } from '../model/scope.ts';
import type { Tensor } from '../tensor/tf.ts';
import { type ConvOptions, conv2d } from './conv.ts';
import type { Activation } from './mlp.ts';
import { batchNorm } from './norm.ts';

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
  input: Axis,
  output: Dim,
  { norm, activation = (y) => y, ...options }: ConvNormOptions,
): Tensor {
  const y = conv2d(m.child('conv'), x, input, output, { bias: !norm, ...options });
  return activation(norm ? batchNorm(m.child(norm), y, output) : y);
}
