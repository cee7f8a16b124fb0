import { float32 } from '@kcr/core';
import { expect, test } from 'vitest';
import { savedCentroids } from './saved-centroids.ts';

test('a buffer that has left its zeros, even in one place', async () => {
  const slot = (...data: number[]) => ({ read: async () => float32([2, 2], data) });
  expect(await savedCentroids(slot(0, 0, 0, 0))).toBeUndefined();
  expect(await savedCentroids(slot(0, 0, 0, -1))).toEqual({
    n: 2,
    d: 2,
    data: Float32Array.of(0, 0, 0, -1),
  });
});
