import { constant, type Tensor, type TokenContext, tf } from '@kcr/core';
import { filterMatrices, lowPass, lowPassMatrix } from './low-pass.ts';

/** The forms of {@link LfeForm}. */
export const LFE_FORMS = ['paper', 'code', 'map'] as const;

/**
 * How tokens are filtered, and attention is summed up.
 *
 * - `paper`: VTC-LFC's equations 6 and 8.
 * - `code`: the official code's `selector`.
 * - `map`: an extension: tokens as the map that they are, with equation 8's attention.
 */
export type LfeForm = (typeof LFE_FORMS)[number];

/** The scores of tokens without any energy are 0, not 0 / 0. */
const SMALLEST = 1e-30;

const norms = (x: Tensor): Tensor => tf.sqrt(tf.sum(tf.square(x), 2));

/** [images, n] by a number of each image, [images, 1]. */
const share = (values: Tensor, whole: Tensor): Tensor =>
  tf.div(values, tf.maximum(whole, SMALLEST));

const imageTokens = ({ tokens, prefix }: TokenContext): Tensor =>
  tf.slice(tokens, [0, prefix, 0], [-1, -1, -1]);

/** Counts products of n x n matrices with the tokens. */
const countProducts = ({ scope, embed }: TokenContext, positions: number): void =>
  scope.cost({ kind: 'attention', positions, in: embed, out: 1, kernel: 1 });

/**
 * Equation 6: each channel along all tokens, the class token first, times a Gaussian of std sigma n / 2 bins around 0. The
 * L2 norm of a token that is left, of the norm of all tokens together.
 */
function alongTokens(context: TokenContext, sigma: number): Tensor {
  const { tokens } = context;
  const n = tokens.shape[1]!;
  countProducts(context, n * n);
  const filter = constant(lowPassMatrix(n, (sigma * n) / 2));
  const whole = tf.sqrt(tf.sum(tf.square(tokens), [1, 2]));
  return share(norms(tf.matMul(tf.expandDims(filter, 0), tokens)), tf.reshape(whole, [-1, 1]));
}

/**
 * The code's: each channel along the image tokens, times 1 - exp(-(k - m)^2 / (2 s^2)) at bin k of 0 to n - 1, m =
 * (n - 1) / 2, s = n (1 - sigma) / 2. This notch is half a bin beside the highest frequency, so what is left is complex:
 * the sum of its absolute values, by the mean over the tokens of theirs. The class token gets 0.
 */
function notched(context: TokenContext, sigma: number): Tensor {
  const tokens = imageTokens(context);
  const n = tokens.shape[1]!;
  const [middle, std] = [(n - 1) / 2, (n * (1 - sigma)) / 2];
  countProducts(context, 2 * n * n);
  const { real, imaginary } = filterMatrices(
    Float64Array.from({ length: n }, (_, k) => 1 - Math.exp(-((k - middle) ** 2) / (2 * std ** 2))),
  );
  const [re, im] = [real, imaginary].map((part) =>
    tf.matMul(tf.expandDims(constant(part), 0), tokens),
  ) as [Tensor, Tensor];
  const left = tf.sum(tf.sqrt(tf.add(tf.square(re), tf.square(im))), 2);
  const whole = tf.mean(tf.sum(tf.abs(tokens), 2), 1, true);
  return tf.pad(share(left, whole), [
    [0, 0],
    [context.prefix, 0],
  ]);
}

/** Each channel as a map, of which only low frequencies are left; L2 norms as in equation 6. The class token gets 0. */
function overMap(context: TokenContext, sigma: number): Tensor {
  const map = context.toMap(context.tokens);
  const [, height, width] = map.shape as [number, number, number, number];
  countProducts(context, height * width * (height + width));
  const whole = tf.sqrt(tf.sum(tf.square(map), [1, 2, 3]));
  return share(norms(context.fromMap(lowPass(map, sigma))), tf.reshape(whole, [-1, 1]));
}

const forms = { paper: alongTokens, code: notched, map: overMap };

/**
 * The share of low frequencies in tokens (VTC-LFC eq. 6).
 *
 * @param sigma cut-off, from 0 to 1
 * @returns [images, n], at least 0; the class token's is not read
 */
export const lowFrequencyEnergy = (context: TokenContext, sigma: number, form: LfeForm): Tensor =>
  forms[form](context, sigma);
