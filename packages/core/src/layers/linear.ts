import { type Axis, axisSize } from '../dim.ts';
import { type Initializer, truncatedNormal, zeros } from '../initializer.ts';
import { affine } from '../ops/affine.ts';
import type { Scope } from '../scope.ts';
import { type Tensor, tf } from '../tf.ts';

export interface LinearOptions {
  bias?: boolean;
  init?: Initializer;
  biasInit?: Initializer;
}

/**
 * A dense layer on the last axis, with PyTorch's parameters: `weight` [out, in] and `bias` [out].
 *
 * @param x [batch, ..., in]
 * @returns [batch, ..., out]
 */
export function linear(
  m: Scope,
  x: Tensor,
  input: Axis,
  output: Axis,
  options: LinearOptions = {},
) {
  const { bias = true, init = truncatedNormal(0.02), biasInit = zeros } = options;
  const weight = m.param('weight', [output, input], init);
  const rows = tf.reshape(x, [-1, axisSize(input)]);
  m.cost({
    kind: 'linear',
    positions: rows.shape[0]! / x.shape[0]!,
    in: input,
    out: output,
    kernel: 1,
  });
  const y = affine(rows, weight, bias ? m.param('bias', [output], biasInit) : undefined);
  return tf.reshape(y, x.shape.with(-1, axisSize(output)));
}
