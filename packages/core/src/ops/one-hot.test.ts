import { expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { oneHot } from './one-hot.ts';

// wasm writes the bits of integers where floats are asked for.
test.each(['cpu', 'wasm'])('one-hot rows are floats, also on %s', async (backend) => {
  await createEagerEngine({ backend });
  const rows = oneHot(tf.tensor1d([2, 0], 'int32'), 3);
  expect(rows.dtype).toBe('float32');
  expect(rows.arraySync()).toEqual([
    [0, 0, 1],
    [1, 0, 0],
  ]);
});

test('of a single class', async () => {
  await createEagerEngine({ backend: 'wasm' });
  const rows = oneHot(tf.tensor1d([0, 1, 0], 'int32'), 1);
  expect([rows.dtype, rows.arraySync()]).toEqual(['float32', [[1], [0], [1]]]);
});
