import { expect, test } from 'vitest';
import { rowsOfRank } from './rank-rows.ts';

const batch = Int32Array.of(10, 11, 12, 13, 14, 15, 16, 17);

test.each([
  [1, [[10, 11, 12, 13, 14, 15, 16, 17]]],
  [
    2,
    [
      [10, 11, 16, 17],
      [12, 13, 14, 15],
    ],
  ],
  [
    4,
    [
      [10, 17],
      [11, 16],
      [12, 15],
      [13, 14],
    ],
  ],
  [8, [[10], [11], [12], [13], [14], [15], [16], [17]]],
])('%i processes have parts that are mixed as the whole is', (size, parts) => {
  expect(parts.map((_, rank) => [...rowsOfRank(batch, { rank, size })])).toEqual(parts);
});
