import {
  constant,
  defineTokenSelector,
  type Tensor,
  type TokenContext,
  type TokenCounts,
  tf,
  tokensToKeep,
} from '@kcr/core';
import { filterMatrix, lowPass } from './low-pass.ts';

export type LfeOptions = TokenCounts & {
  /** Cut-off of the low-pass filter of tokens. Default 0.85. */
  sigma?: number;
  /**
   * `paper` (default): tokens are filtered as a map, by a Gaussian of std sigma min(height, width) / 2, and energies
   * are L2 norms. `code`, the official code's: along the sequence of tokens that are left, with a notch at its
   * highest frequencies, 1 - exp(-(k - n/2)^2 / (2 (n (1 - sigma) / 2)^2)), and L1 norms.
   */
  form?: 'paper' | 'code';
  /** Set tokens to 0 in their places instead of taking them out: the only way on grids. Default false. */
  inPlace?: boolean;
};

/** The image tokens of [images, n, d]. */
const imageTokens = ({ tokens, prefix }: TokenContext): Tensor =>
  tf.slice(tokens, [0, prefix, 0], [-1, -1, -1]);

/** A product of two activations, as filters are counted. */
const product = { kind: 'attention', out: 1, kernel: 1 } as const;

/** Filters along the sequence of image tokens; the prefix gets zeros. [images, n, d] */
function notched(context: TokenContext, sigma: number): Tensor {
  const tokens = imageTokens(context);
  const n = tokens.shape[1]!;
  const std = (n * (1 - sigma)) / 2;
  context.scope.cost({ ...product, positions: n * n, in: context.embed });
  const gain = (frequency: number) => 1 - Math.exp(-((n / 2 - frequency) ** 2) / (2 * std ** 2));
  const filtered = tf.matMul(tf.expandDims(constant(filterMatrix(n, gain)), 0), tokens);
  return tf.pad(filtered, [
    [0, 0],
    [context.prefix, 0],
    [0, 0],
  ]);
}

/** Low-frequency energy, up to a factor of each image: [images, n], the prefix's without meaning. */
function energy(context: TokenContext, sigma: number, form: 'paper' | 'code'): Tensor {
  if (form === 'code') return tf.sum(tf.abs(notched(context, sigma)), 2);
  const map = context.toMap(context.tokens);
  const [, height, width] = map.shape as [number, number, number, number];
  context.scope.cost({
    ...product,
    positions: height * width * (height + width),
    in: context.embed,
  });
  const filtered = context.fromMap(lowPass(map, sigma));
  return tf.sqrt(tf.sum(tf.square(filtered), 2));
}

/**
 * How much attention tokens get (VTC-LFC eq. 8): from the class token, heads weighed by what it gets from the
 * image, and from the image, heads weighed by the class token's attention to itself. Without a class token, the
 * mean over heads and queries. [images, n]
 */
function attentionScore({ attention, prefix, perToken }: TokenContext): Tensor {
  const [, heads, m] = attention.shape as [number, number, number];
  if (prefix === 0) return perToken(tf.mean(attention, [1, 2]));
  const part = (row: number, rows: number, column: number, columns: number) =>
    tf.slice(attention, [0, 0, row, column], [-1, heads, rows, columns]);
  const fromImage = tf.mean(part(1, m - 1, 0, m), 2);
  const fromClass = tf.reshape(part(0, 1, 0, m), [-1, heads, m]);
  const first = (x: Tensor) => tf.slice(x, [0, 0, 0], [-1, heads, 1]);
  const weighed = tf.add(tf.mul(first(fromImage), fromClass), tf.mul(first(fromClass), fromImage));
  return perToken(tf.mean(weighed, 1));
}

/**
 * Low-frequency energy times attention (VTC-LFC 3.3): between attention and MLP, the image tokens with the highest
 * product stay, in order, and so does the class token.
 */
export const lfe = defineTokenSelector('lfe', '@kcr/lfc', (options: LfeOptions) => ({
  keep: tokensToKeep('lfe', options),
  inPlace: options.inPlace,
  scores: (context) =>
    tf.mul(
      energy(context, options.sigma ?? 0.85, options.form ?? 'paper'),
      attentionScore(context),
    ),
}));
