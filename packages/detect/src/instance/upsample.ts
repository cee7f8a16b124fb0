import { type Dim, fanInUniform, type Scope, type Tensor, tf } from '@kcr/core';

/**
 * PyTorch's `ConvTranspose2d` with a kernel and a stride of 2, as one matrix product: parameters `weight` [in, out, 2, 2]
 * and `bias` [out].
 *
 * @param x [batch, height, width, in]
 * @returns [batch, 2 * height, 2 * width, out]
 */
export function upsample(m: Scope, x: Tensor, input: Dim, output: Dim): Tensor {
  const [batch, height, width] = x.shape as [number, number, number, number];
  const init = fanInUniform(output.size * 4);
  const weight = m.param('weight', [input, output, 2, 2], init);
  const bias = m.param('bias', [output], init);
  m.cost({ kind: 'linear', positions: height * width * batch, in: input, out: output, kernel: 4 });
  // For each row of the kernel, [batch * height, width * 2 * out]: its pixels of two columns lie side by side.
  const rows = tf.reshape(x, [-1, input.size]);
  const kernel = tf.reshape(tf.transpose(weight, [0, 2, 3, 1]), [input.size, 4 * output.size]);
  const four = tf.matMul(rows, kernel);
  const strips = tf.reshape(four, [batch * height, width, 2, 2 * output.size]);
  const turned = tf.transpose(strips, [0, 2, 1, 3]);
  const large = tf.reshape(turned, [batch, 2 * height, 2 * width, output.size]);
  return tf.add(large, bias);
}
