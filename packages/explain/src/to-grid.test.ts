import { expect, test } from 'vitest';
import { withClassToken } from './testing.ts';
import { toGrid, toMap } from './to-grid.ts';

test('values of tokens lie where the tokens do; those of no token are left out', () => {
  expect([...toGrid(withClassToken, (token) => 10 * token)]).toEqual([10, 20, 30, 40]);
  const sparse = { height: 2, width: 2, positions: [3, -1, 1] };
  expect([...toGrid(sparse, (token) => token + 1)]).toEqual([0, 3, 0, 1]);
});

test('the largest value of a map is 1, and where nothing is more than 0 all are', () => {
  const row = { height: 1, width: 3, positions: [2, 0, 1] };
  expect([...toMap(row, (token) => 2 * token)]).toEqual([0.5, 1, 0]);
  expect([...toMap(row, () => 0)]).toEqual([0, 0, 0]);
});
