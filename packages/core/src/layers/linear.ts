import { type Axis, axisParts, axisSize } from '../model/dim.ts';
import { type Initializer, truncatedNormal, zeros } from '../model/initializer.ts';
import type { Scope } from '../model/scope.ts';
import { affine } from '../ops/affine.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

export interface LinearOptions {
  bias?: boolean;
  init?: Initializer;
  biasInit?: Initializer;
}

/**
 * A linear layer on the last axis, with PyTorch's parameters: `weight` [out, in] and `bias` [out].
 *
 * @param x [batch, ..., in]
 * @returns [batch, ..., out]
 */
export const linear = (
  m: Scope,
  x: Tensor,
  input: Axis,
  output: Axis,
  options?: LinearOptions,
): Tensor => linearParts(m, x, input, [output], options)[0]!;

/**
 * A linear layer with a fused weight, one tensor for each of its output parts (q, k and v). Each is a matrix
 * product of its own: cutting the small weight costs less than cutting its large output.
 *
 * @param x [batch, ..., in]
 * @returns per part, [batch, ..., part]
 */
export function linearParts(
  m: Scope,
  x: Tensor,
  input: Axis,
  parts: readonly Axis[],
  options: LinearOptions = {},
): Tensor[] {
  const { bias = true, init = truncatedNormal(0.02), biasInit = zeros } = options;
  const output = parts.flatMap(axisParts);
  const weight = m.param('weight', [output, input], init);
  const rows = tf.reshape(x, [-1, axisSize(input)]);
  m.cost({ kind: 'linear', positions: rows.shape[0]!, in: input, out: output, kernel: 1 });
  const offsets = bias ? cut(m.param('bias', [output], biasInit), parts) : [];
  return cut(weight, parts).map((part, i) =>
    tf.reshape(affine(rows, part, offsets[i]), x.shape.with(-1, axisSize(parts[i]!))),
  );
}

const cut = (value: Tensor, parts: readonly Axis[]): Tensor[] =>
  parts.length === 1 ? [value] : tf.split(value, parts.map(axisSize), 0);
