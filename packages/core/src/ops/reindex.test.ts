import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { inverse, reindex } from './reindex.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

describe('reindexing', () => {
  const x = () => tf.tensor([0, 1, 2, 10, 11, 12], [2, 3]);

  test.each([
    [[1, 0], 0, [10, 11, 12, 0, 1, 2]],
    [[2, 0], 1, [2, 0, 12, 10]],
    [[2, 0], -1, [2, 0, 12, 10]],
    [[-1, 1], -2, [0, 0, 0, 10, 11, 12]],
    [[0, -1, -1], 1, [0, 0, 0, 10, 0, 0]],
  ])('%j of axis %i', (sources, axis, values) => {
    expect([...reindex(x(), sources, axis).dataSync()]).toEqual(values);
  });

  test('its gradient puts slices back, zeros where they were left out', () => {
    const weights = tf.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
    const loss = (v: tf.Tensor) => tf.sum(tf.mul(reindex(v, [2, -1, 0], 1), weights));
    expect(tf.grad(loss)(x()).arraySync()).toEqual([
      [3, 0, 1],
      [6, 0, 4],
    ]);
  });
});

describe('the inverse', () => {
  test.each([
    [[2, 0, 1], 3, [1, 2, 0]],
    [[3, 1], 4, [-1, 1, -1, 0]],
    [[-1, 2, -1, 0], 3, [3, -1, 1]],
    [[], 2, [-1, -1]],
  ])('of %j over %i slices', (sources, size, back) => {
    expect(inverse(sources, size)).toEqual(back);
  });

  test('of the inverse is the permutation', () => {
    const order = [4, 2, 0, 1, 3];
    expect(inverse(inverse(order, 5), 5)).toEqual(order);
  });
});
