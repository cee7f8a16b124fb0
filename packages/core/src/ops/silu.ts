import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

export const siluGradientOp = defineOp({
  name: 'SiluGradient',
  inputs: ['x', 'y', 'dy'],
  compute: ({ x, y, dy }) => {
    const gate = tf.sigmoid(x);
    return tf.mul(dy, tf.add(gate, tf.mul(y, tf.sub(1, gate))));
  },
  shapes: ({ x }) => x,
});

export const siluOp = defineOp({
  name: 'Silu',
  inputs: ['x'],
  saved: ['x', 'y'],
  compute: ({ x }) => tf.mul(x, tf.sigmoid(x)),
  gradient: ({ dy, x, y }) => ({ x: () => siluGradientOp({ x, y, dy }) }),
  shapes: ({ x }) => x,
});

/** The sigmoid linear unit (swish), x * sigmoid(x). Any shape. */
export const silu = (x: Tensor): Tensor => siluOp({ x });
