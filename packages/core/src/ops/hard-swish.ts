import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

export const hardSwishGradientOp = defineOp({
  name: 'HardSwishGradient',
  inputs: ['x', 'dy'],
  compute: ({ x, dy }) => {
    const slope = tf.add(tf.mul(x, 1 / 3), 0.5);
    const inner = tf.where(tf.greater(x, 3), tf.onesLike(x), slope);
    return tf.mul(dy, tf.where(tf.less(x, -3), tf.zerosLike(x), inner));
  },
  shapes: ({ x }) => x,
});

export const hardSwishOp = defineOp({
  name: 'HardSwish',
  inputs: ['x'],
  saved: ['x'],
  compute: ({ x }) => tf.mul(x, tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6)),
  gradient: ({ dy, x }) => ({ x: () => hardSwishGradientOp({ x, dy }) }),
  shapes: ({ x }) => x,
});

/** x * relu6(x + 3) / 6 (PyTorch's `Hardswish`). Any shape. */
export const hardSwish = (x: Tensor): Tensor => hardSwishOp({ x });
