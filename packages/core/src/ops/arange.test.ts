import { beforeAll, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { arange } from './arange.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('a range counts row by row from its offset', () => {
  expect(arange([2, 3]).arraySync()).toEqual([
    [0, 1, 2],
    [3, 4, 5],
  ]);
  expect(arange([3], -1).arraySync()).toEqual([-1, 0, 1]);
});
