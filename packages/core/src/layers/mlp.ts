import type { Dim } from '../dim.ts';
import { gelu } from '../ops/gelu.ts';
import { put, type Scope, take } from '../scope.ts';
import type { Tensor } from '../tf.ts';
import { linear } from './linear.ts';

/**
 * The transformer's MLP with timm's parameters (`fc1`, `fc2`) and exact GELU.
 *
 * Dim `io` is the view of the residual stream that the MLP reads and writes, `hidden` its width. Taps:
 * `in` (io), `hidden` after the activation, `out` (io).
 *
 * @param x [batch, tokens, embed]
 * @returns the same shape
 */
export function mlp(m: Scope, x: Tensor, embed: Dim, ratio: number): Tensor {
  const io = m.dim('io', embed);
  const hidden = m.dim('hidden', Math.round(embed.full * ratio));
  const read = m.tap('in', take(x, io), io);
  const active = m.tap('hidden', gelu(linear(m.child('fc1'), read, io, hidden)), hidden);
  return put(m.tap('out', linear(m.child('fc2'), active, hidden, io), io), io);
}
