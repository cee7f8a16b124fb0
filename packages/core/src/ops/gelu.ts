import { type Tensor, tf } from '../tensor/tf.ts';
import { elementwise } from './composite.ts';

/** Phi(x), the standard normal distribution function. */
const normalCdf = (x: Tensor) => tf.mul(0.5, tf.add(1, tf.erf(tf.mul(x, Math.SQRT1_2))));

const geluGradient = elementwise({
  name: 'GeluGradient',
  compute: ({ x, dy }) => {
    const density = tf.mul(tf.exp(tf.mul(-0.5, tf.square(x!))), 1 / Math.sqrt(2 * Math.PI));
    return [tf.mul(dy!, tf.add(normalCdf(x!), tf.mul(x!, density)))];
  },
});

const geluOp = elementwise({
  name: 'Gelu',
  saved: ['x'],
  compute: ({ x }) => [tf.mul(x!, normalCdf(x!))],
  gradient: ([dy], [x]) => ({ x: () => geluGradient({ x: x!, dy: dy! }, {})[0]! }),
});

/** The exact GELU, x * Phi(x) (PyTorch's `approximate='none'`). Any shape. */
export const gelu = (x: Tensor): Tensor => geluOp({ x }, {})[0]!;
