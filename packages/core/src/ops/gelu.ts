import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

/** Phi(x), the standard normal distribution function. */
const normalCdf = (x: Tensor) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

export const geluGradientOp = defineOp({
  name: 'GeluGradient',
  inputs: ['x', 'dy'],
  compute: ({ x, dy }) => {
    const density = tf.mul(tf.exp(tf.mul(-0.5, tf.square(x))), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy, tf.add(normalCdf(x), tf.mul(x, density)));
  },
  shapes: ({ x }) => x,
});

export const geluOp = defineOp({
  name: 'Gelu',
  inputs: ['x'],
  saved: ['x'],
  compute: ({ x }) => tf.mul(x, normalCdf(x)),
  gradient: ({ dy, x }) => ({ x: () => geluGradientOp({ x, dy }) }),
  shapes: ({ x }) => x,
});

/** The exact GELU, x * Phi(x) (PyTorch's `approximate='none'`). Any shape. */
export const gelu = (x: Tensor): Tensor => geluOp({ x });
