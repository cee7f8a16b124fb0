import { type Tensor, tf } from '../tensor/tf.ts';
import { defineComposite } from './composite.ts';

const affineOp = defineComposite<Record<string, never>>({
  name: 'Affine',
  saved: ['x', 'weight'],
  shapes: ({ x, weight }) => [{ shape: [x!.shape[0]!, weight!.shape[0]!], dtype: 'float32' }],
  // Not tf.fused.matMul: with a transposed operand and a bias its wasm kernel gives wrong values (4.22).
  compute: ({ x, weight, bias }) => [tf.add(tf.matMul(x!, weight!, false, true), bias!)],
  gradient: ([dy], [x, weight]) => ({
    x: () => tf.matMul(dy!, weight!),
    weight: () => tf.matMul(dy!, x!, true, false),
    bias: () => tf.sum(dy!, 0),
  }),
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
  bias ? affineOp({ x, weight, bias }, {})[0]! : tf.matMul(x, weight, false, true);
