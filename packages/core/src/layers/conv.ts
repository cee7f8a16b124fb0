import { type Axis, axisSize } from '../dim.ts';
import { KcrError } from '../error.ts';
import { fanInUniform } from '../initializer.ts';
import type { Scope } from '../scope.ts';
import { type Tensor, tf } from '../tf.ts';

export interface ConvOptions {
  kernel: number;
  stride?: number;
  /** Zero padding on each side. Default (kernel - 1) / 2. */
  padding?: number;
  /** One filter per channel; `input` and `output` must then be the same axis. */
  depthwise?: boolean;
  bias?: boolean;
}

/**
 * A 2-D convolution with PyTorch's parameters: `weight` [out, in, k, k] (or [out, 1, k, k]), `bias` [out].
 *
 * @param x [batch, height, width, in]
 * @returns [batch, height', width', out]
 * @throws KcrError `CONV_DEPTHWISE` where a depthwise layer would change its channels
 */
export function conv2d(
  m: Scope,
  x: Tensor,
  input: Axis,
  output: Axis,
  options: ConvOptions,
): Tensor {
  const {
    kernel,
    stride = 1,
    padding = (kernel - 1) >> 1,
    depthwise = false,
    bias = true,
  } = options;
  if (depthwise && axisSize(input) !== axisSize(output))
    throw new KcrError('CONV_DEPTHWISE', {
      where: m.path,
      found: `${axisSize(input)} input and ${axisSize(output)} output channels`,
      fix: 'Give a depthwise convolution the same dimension twice',
    });
  const perFilter = depthwise ? 1 : input;
  const init = fanInUniform(axisSize(perFilter) * kernel * kernel);
  const weight = m.param('weight', [output, perFilter, kernel, kernel], init);
  const images = x as tf.Tensor4D;
  // PyTorch's OIHW to TensorFlow's HWIO; a depthwise filter has its channels where HWIO has inputs.
  const filter = tf.transpose(weight, depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]) as tf.Tensor4D;
  const y = depthwise
    ? tf.depthwiseConv2d(images, filter, stride, padding)
    : tf.conv2d(images, filter, stride, padding);
  const positions = y.shape[1] * y.shape[2];
  m.cost({ kind: 'linear', positions, in: perFilter, out: output, kernel: kernel * kernel });
  return bias ? tf.add(y, m.param('bias', [output], init)) : y;
}
