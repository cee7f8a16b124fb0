import { type Tensor, tf } from '../tensor/tf.ts';
import { elementwise } from './composite.ts';

const hardSwishGradient = elementwise({
  name: 'HardSwishGradient',
  compute: ({ x, dy }) => {
    const slope = tf.add(tf.mul(x!, 1 / 3), 0.5);
    const inner = tf.where(tf.greater(x!, 3), tf.onesLike(x!), slope);
    return [tf.mul(dy!, tf.where(tf.less(x!, -3), tf.zerosLike(x!), inner))];
  },
});

const hardSwishOp = elementwise({
  name: 'HardSwish',
  saved: ['x'],
  compute: ({ x }) => [tf.mul(x!, tf.mul(tf.relu6(tf.add(x!, 3)), 1 / 6))],
  gradient: ([dy], [x]) => ({ x: () => hardSwishGradient({ x: x!, dy: dy! }, {})[0]! }),
});

/** x * relu6(x + 3) / 6 (PyTorch's `Hardswish`). Any shape. */
export const hardSwish = (x: Tensor): Tensor => hardSwishOp({ x }, {})[0]!;
