import { KcrError } from '../ground/error.ts';
import { type Axis, axisSize } from '../model/dim.ts';
import { fanInUniform, type Initializer } from '../model/initializer.ts';
import type { Resize } from '../model/resize.ts';
import type { Scope } from '../model/scope.ts';
import { affine } from '../ops/affine.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

export interface ConvOptions {
  /** Side of the square kernel. */
  kernel: number;
  stride?: number;
  /** Zero padding on each side. Default (kernel - 1) / 2. */
  padding?: number;
  /** One filter per channel; `input` and `output` must then be the same axis. */
  depthwise?: boolean;
  bias?: boolean;
  /** First values of the weight, and of the bias. Default: PyTorch's. */
  init?: Initializer;
  biasInit?: Initializer;
  /** How the weight is made from one of another model, of a layer that reads images: `resizeInputChannels`. */
  resize?: Resize;
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
  const fanIn = fanInUniform(axisSize(perFilter) * kernel * kernel);
  const { init = fanIn, biasInit = fanIn, resize } = options;
  const weight = m.param('weight', [output, perFilter, kernel, kernel], init, { resize });
  const offset = bias ? m.param('bias', [output], biasInit) : undefined;
  const report = (y: Tensor) => {
    const positions = y.shape[0]! * y.shape[1]! * y.shape[2]!;
    m.cost({ kind: 'linear', positions, in: perFilter, out: output, kernel: kernel * kernel });
    return y;
  };
  if (kernel === stride && padding === 0 && kernel > 1 && !depthwise)
    return report(patchProduct(x, weight, offset, kernel));
  const images = x as tf.Tensor4D;
  // PyTorch's OIHW to TensorFlow's HWIO; a depthwise filter has its channels where HWIO has inputs.
  const filter = tf.transpose(weight, depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]) as tf.Tensor4D;
  const y = depthwise
    ? tf.depthwiseConv2d(images, filter, stride, padding)
    : tf.conv2d(images, filter, stride, padding);
  return report(offset ? tf.add(y, offset) : y);
}

/** A convolution whose patches do not overlap, as one matrix product. */
function patchProduct(x: Tensor, weight: Tensor, bias: Tensor | undefined, size: number): Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  // Rank 4 transposes only: [batch*rows, size, columns, size*channels], then patches together.
  const strips = tf.reshape(x, [batch * rows, size, columns, size * channels]);
  const patches = tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [-1, size * size * channels]);
  const out = weight.shape[0]!;
  const kernel = tf.reshape(tf.transpose(weight, [0, 2, 3, 1]), [out, -1]);
  return tf.reshape(affine(patches, kernel, bias), [batch, rows, columns, out]);
}
