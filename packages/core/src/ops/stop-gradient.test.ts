import { beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { stopGradient } from './stop-gradient.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('no gradient passes a value that is stopped, not even where there is none', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([1, 3]);
    const chosen = tf.grad((v) =>
      tf.sum(tf.mul(v, stopGradient(tf.cast(tf.greater(v, 2), 'float32')))),
    );
    expect(chosen(x).arraySync()).toEqual([0, 1]);
    const product = tf.grad((v) => tf.sum(tf.mul(v, stopGradient(tf.square(v)))));
    expect(product(x).arraySync()).toEqual([1, 9]);
    expect(stopGradient(x).arraySync()).toEqual([1, 3]);
  });
});
