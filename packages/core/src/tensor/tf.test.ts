import { expect, test } from 'vitest';
import { assertOwnTensor, tf } from './tf.ts';

test('tensors and variables of this copy pass', () => {
  const variable = tf.variable(tf.ones([2]), true, 'own');
  for (const value of [tf.scalar(1), tf.ones([2, 2], 'int32'), variable])
    expect(() => assertOwnTensor(value, 'here')).not.toThrow();
  variable.dispose();
});

test.each([
  ['null', null],
  ['undefined', undefined],
  ['number', 3],
  ['object', { shape: [1] }],
  ['function', () => tf.scalar(1)],
])('%s is no tensor', (found, value) => {
  expect(() => assertOwnTensor(value, 'plugin "x", tap')).toThrow(
    expect.objectContaining({
      code: 'TENSOR_EXPECTED',
      where: 'plugin "x", tap',
      found: `${found} instead of a tensor`,
    }),
  );
});

test('a tensor of another copy of the library is told apart', () => {
  // TensorFlow.js takes for a tensor what has these three methods.
  class OtherTensor {
    data(): void {}
    dataSync(): void {}
    throwIfDisposed(): void {}
  }
  const other: unknown = new OtherTensor();
  expect(other).toBeInstanceOf(tf.Tensor);
  expect(() => assertOwnTensor(other, 'here')).toThrow(
    expect.objectContaining({ code: 'TENSOR_LIBRARY_DUPLICATE', where: 'here' }),
  );
});
