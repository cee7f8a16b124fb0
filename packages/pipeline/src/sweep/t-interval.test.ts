import { expect, test } from 'vitest';
import { tInterval } from './t-interval.ts';

/** Half the width of the interval of n values whose standard error is 1: the quantile at 0.975 of n - 1 degrees of freedom. */
function quantile(n: number): number {
  // n - 1 equal values and one that is away have a variance of d^2 / n: its root over that of n is d / n.
  const { low, high } = tInterval([n, ...Array<number>(n - 1).fill(0)]);
  return (high! - low!) / 2;
}

test.each([
  // Degrees of freedom and the quantile: NIST/SEMATECH e-Handbook, 1.3.6.7.2.
  [1, 12.706],
  [2, 4.303],
  [4, 2.776],
  [9, 2.262],
  [24, 2.064],
  [100, 1.984],
])('%i degrees of freedom have the quantile %f of the tables', (degrees, published) => {
  expect(quantile(degrees + 1)).toBeCloseTo(published, 3);
});

test('an interval that was computed by hand', () => {
  // Mean 3, variance 2.5, standard error 0.7071, times 2.776.
  const { mean, low, high, n } = tInterval([1, 2, 3, 4, 5]);
  expect([mean, n]).toEqual([3, 5]);
  expect(low).toBeCloseTo(1.0368, 4);
  expect(high).toBeCloseTo(4.9632, 4);
});

test('a single value has no interval, equal ones one without width', () => {
  expect(tInterval([2])).toEqual({ mean: 2, n: 1 });
  expect(tInterval([2, 2])).toEqual({ mean: 2, low: 2, high: 2, n: 2 });
});
