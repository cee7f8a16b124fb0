import { expect, test } from 'vitest';
import { interval } from './interval.ts';

test('one value is its own interval', () =>
  expect(interval([3])).toEqual({ mean: 3, low: 3, high: 3 }));

// scipy.stats.t.interval(0.95, n - 1, mean, sem).
test.each([
  [[1, 2], 1.5, -4.8531],
  [[1, 2, 3, 4, 5], 3, 1.0368],
  [Array.from({ length: 31 }, (_, i) => i), 15, 11.6652],
])('%j: mean %d, from %d', (values, mean, low) => {
  const found = interval(values);
  expect(found.mean).toBeCloseTo(mean, 12);
  expect(found.low).toBeCloseTo(low, 3);
  expect(found.high).toBeCloseTo(2 * mean - low, 3);
});

test('many values: the normal distribution', () => {
  const { high } = interval(Array.from({ length: 100 }, (_, i) => i % 2));
  expect(high).toBeCloseTo(0.5 + (1.96 * Math.sqrt(25 / 99)) / 10, 6);
});
