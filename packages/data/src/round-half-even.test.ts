import { expect, test } from 'vitest';
import { roundHalfEven } from './round-half-even.ts';

// Python's round of the same numbers.
test.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [3.5, 4],
  [2.4999, 2],
  [2.5001, 3],
  [-1.5, -2],
  [-2.5, -2],
  [7, 7],
])('%d is %d', (x, expected) => {
  expect(roundHalfEven(x)).toBe(expected);
});
