import { expect, test } from 'vitest';
import {
  deviation,
  holm,
  interval,
  mcnemar,
  pOf,
  rankCorrelation,
  smallestSeen,
} from './statistics.ts';

// References by scipy 1.17.1: stats.t.interval, stats.t.ppf, stats.binomtest, stats.spearmanr, stats.ttest_1samp; of several
// tests by statsmodels 0.15.0, multipletests.
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

test.each([
  [values, 0.09842463759559035],
  [[-2.2, -1.4, -0.7, -3.1, -1.9], 0.009724494028524266],
  [[60, 50, 60], 0.0034423510070664136],
  [[1, -1], 1],
  [[3], 1],
  [[2, 2], 0],
])("Student's p of %j", (differences, p) => {
  expect(pOf(interval(differences))).toBeCloseTo(p, 8);
});

test.each([
  [
    [0.01, 0.04, 0.03, 0.005],
    [0.03, 0.06, 0.06, 0.02],
  ],
  [
    [0.2, 0.001, 0.01, 0.6, 0.02, 0.019],
    [0.4, 0.006, 0.05, 0.6, 0.076, 0.076],
  ],
  [
    [0.7, 0.9],
    [1, 1],
  ],
  [[], []],
])('of several tests p is adjusted: %j', (ps, adjusted) => {
  expect(holm(ps)).toEqual(adjusted.map((p) => expect.closeTo(p, 12)));
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
