import { type Tensor, type TokenContext, tf } from '@kcr/core';
import type { LfeForm } from './low-frequency-energy.ts';

/**
 * How much attention tokens get (VTC-LFC eq. 8). With A_ij what token i gets from query j, N tokens and the class
 * token as number 0, the mean over heads of
 *
 *   theta_0 A_i0 + theta_1 (1 / N) sum_{j > 0} A_ij,   theta_0 = sum_{j > 0} A_0j,   theta_1 = A_00.
 *
 * The code's form has means over the N - 1 image tokens in place of theta_0's sum and of 1 / N. Equation 7 has queries in
 * rows; the text, where the class token collects from all tokens, and the code need them in columns, as here.
 * Without a class token, the mean over heads and queries.
 *
 * @returns [images, n]
 */
export function receivedAttention(
  { attention, prefix, perToken }: TokenContext,
  form: LfeForm,
): Tensor {
  const [, heads, n] = attention.shape as [number, number, number];
  if (prefix === 0) return perToken(tf.mean(attention, [1, 2]));
  const received = (query: number, queries: number): Tensor =>
    tf.sum(tf.slice(attention, [0, 0, query, 0], [-1, heads, queries, n]), 2);
  const [fromClass, fromImage] = [received(0, 1), received(1, n - 1)];
  const ofClass = (x: Tensor): Tensor => tf.slice(x, [0, 0, 0], [-1, heads, 1]);
  const code = form === 'code';
  const theta = tf.div(ofClass(fromImage), code ? n - 1 : 1);
  const mean = tf.div(fromImage, code ? n - 1 : n);
  const weighed = tf.add(tf.mul(theta, fromClass), tf.mul(ofClass(fromClass), mean));
  return perToken(tf.mean(weighed, 1));
}
