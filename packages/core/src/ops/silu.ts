import { type Tensor, tf } from '../tensor/tf.ts';
import { elementwise } from './composite.ts';

const siluGradient = elementwise({
  name: 'SiluGradient',
  compute: ({ x, y, dy }) => {
    const gate = tf.sigmoid(x!);
    return [tf.mul(dy!, tf.add(gate, tf.mul(y!, tf.sub(1, gate))))];
  },
});

const siluOp = elementwise({
  name: 'Silu',
  saved: ['x'],
  savedOutputs: [true],
  compute: ({ x }) => [tf.mul(x!, tf.sigmoid(x!))],
  gradient: ([dy], [x, y]) => ({ x: () => siluGradient({ x: x!, y: y!, dy: dy! }, {})[0]! }),
});

/** The sigmoid linear unit (swish), x * sigmoid(x). Any shape. */
export const silu = (x: Tensor): Tensor => siluOp({ x }, {})[0]!;
