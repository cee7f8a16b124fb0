import { put, take } from '../model/channel-view.ts';
import type { Dim } from '../model/dim.ts';
import type { Scope } from '../model/scope.ts';
import { gelu } from '../ops/gelu.ts';
import type { Tensor } from '../tensor/tf.ts';
import { dropout } from './dropout.ts';
import { linear } from './linear.ts';

/** An activation function, for any shape. */
export type Activation = (x: Tensor) => Tensor;

export interface MlpOptions {
  /** Hidden width as a multiple of the embedding's. */
  ratio: number;
  /** Default: the exact GELU. */
  activation?: Activation;
  /** Dropout after each of the two layers. */
  drop?: number;
}

/**
 * The transformer's MLP with timm's parameters (`fc1`, `fc2`).
 *
 * Dim `io` is the view of the residual stream that the MLP reads and writes, `hidden` its width. Taps:
 * `in` (io), `hidden` after the activation, `out` (io).
 *
 * @param x [batch, tokens, embed]
 * @returns the same shape
 */
export function mlp(
  m: Scope,
  x: Tensor,
  embed: Dim,
  { ratio, activation = gelu, drop = 0 }: MlpOptions,
): Tensor {
  const io = m.dim('io', embed);
  const hidden = m.dim('hidden', Math.floor(embed.full * ratio));
  const read = m.tap('in', take(x, io), io);
  const active = m.tap('hidden', activation(linear(m.child('fc1'), read, io, hidden)), hidden);
  const inner = dropout(m.child('drop1'), active, drop);
  const out = m.tap('out', linear(m.child('fc2'), inner, hidden, io), io);
  return put(dropout(m.child('drop2'), out, drop), io);
}
