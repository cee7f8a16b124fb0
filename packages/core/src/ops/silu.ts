import { type Tensor, tf } from '../tf.ts';
import { elementwise } from './composite.ts';

const siluGradient = elementwise({
  name: 'SiluGradient',
  compute: ({ x, dy }) => {
    const gate = tf.sigmoid(x!);
    return [tf.mul(dy!, tf.mul(gate, tf.add(1, tf.mul(x!, tf.sub(1, gate)))))];
  },
});

const siluOp = elementwise({
  name: 'Silu',
  saved: ['x'],
  compute: ({ x }) => [tf.mul(x!, tf.sigmoid(x!))],
  gradient: ([dy], [x]) => ({ x: () => siluGradient({ x: x!, dy: dy! }, {})[0]! }),
});

/** The sigmoid linear unit (swish), x * sigmoid(x). Any shape. */
export const silu = (x: Tensor): Tensor => siluOp({ x }, {})[0]!;
