import { expect, test } from 'vitest';
import { deviation, interval, mcnemar, rankCorrelation, smallestSeen } from './statistics.ts';

// References by scipy 1.17.1: stats.t.interval, stats.t.ppf, stats.binomtest, stats.spearmanr.
const values = [1.2, 0.4, -0.3, 2.1, 0.9];

test("the mean has Student's interval", () => {
  expect(deviation(values)).toBeCloseTo(0.8961026726887941, 12);
  expect(interval(values)).toEqual({
    mean: expect.closeTo(0.86, 12),
    low: expect.closeTo(-0.25265842737184685, 8),
    high: expect.closeTo(1.972658427371847, 8),
    n: 5,
  });
});

test('the smallest difference that would have been seen', () => {
  expect(smallestSeen(values)).toBeCloseTo(1.489749321320757, 8);
});

test('one value says nothing of the spread', () => {
  expect(interval([3])).toEqual({ mean: 3, low: -Infinity, high: Infinity, n: 1 });
  expect(smallestSeen([3])).toBe(Infinity);
});

test('ranks are compared, equal values by their mean rank', () => {
  const first = [0.1, 5, 3, 3, 80, -2];
  expect(rankCorrelation(first, [1, 2, 3, 4, 5, 6])).toBeCloseTo(-0.05797710356524484, 12);
  expect(rankCorrelation(first, first.map(Math.exp))).toBeCloseTo(1, 12);
  expect(
    rankCorrelation(
      first,
      first.map((x) => -x),
    ),
  ).toBeCloseTo(-1, 12);
});

test.each([
  [10, 25, 0.016673847800120715],
  [25, 10, 0.016673847800120715],
  [3, 3, 1],
  [0, 7, 0.015625],
  [700, 800, 0.010559255466711506],
  [0, 0, 1],
])('McNemar: %d against %d', (first, second, p) => {
  expect(mcnemar(first, second)).toBeCloseTo(p, 8);
});
