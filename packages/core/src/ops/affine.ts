import { sizeOf } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

export const affineOp = defineOp({
  name: 'Affine',
  inputs: ['x', 'weight', 'bias?'],
  saved: ['x', 'weight'],
  // Not tf.fused.matMul: with a transposed operand and a bias its wasm kernel gives wrong values (4.22).
  compute: ({ x, weight, bias }) => {
    const y = tf.matMul(x, weight, false, true);
    return bias ? tf.add(y, bias) : y;
  },
  gradient: ({ dy, x, weight }) => ({
    x: () => tf.matMul(dy, weight),
    weight: () => tf.matMul(dy, x, true, false),
    bias: () => tf.sum(dy, 0),
  }),
  macs: ({ x, weight }) => sizeOf(x.shape) * weight.shape[0]!,
  shapes: ({ x, weight }) => ({ ...x, shape: [x.shape[0]!, weight.shape[0]!] }),
});

/**
 * x W^T + b, PyTorch's linear layer.
 *
 * @param x [n, in]
 * @param weight [out, in]
 * @param bias [out], or absent
 * @returns [n, out]
 */
export const affine = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  affineOp(bias ? { x, weight, bias } : { x, weight });
