import type { Dim } from '../model/dim.ts';
import type { TapInfo } from '../model/scope.ts';
import { type Tensor, tf } from '../tensor/tf.ts';

/** Attention's sums of v have v's channels: what multiplies v has multiplied them already. */
const GATED_BEFORE = 'context';

/**
 * Multiplies a tapped value by a factor for each of its channels, once on the way of each channel: q, k and v, but not
 * the sums of v too.
 *
 * @param gate the factors of a dimension, [size], or nothing where it has none
 */
export function gateChannels(
  value: Tensor,
  { dim, role }: Pick<TapInfo, 'dim' | 'role'>,
  gate: (dim: Dim) => Tensor | undefined,
): Tensor {
  const factors = dim && role !== GATED_BEFORE ? gate(dim) : undefined;
  return factors ? tf.mul(value, factors) : value;
}
