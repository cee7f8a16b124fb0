import { expect, test } from 'vitest';
import { toBits } from '../../experiments/src/bits.ts';
import { verdictOf, verdictOfPair } from './verdict.ts';

// Intervals and quantiles by scipy 1.17.1, as in statistics.test.ts.
test.each([
  [[1.2, 0.4, -0.3, 2.1, 0.9], 'not seen above 1.5 points, +0.9 points [-0.3, +2.0]'],
  [[2.2, 1.4, 0.7, 3.1, 1.9], 'shown, +1.9 points [+0.7, +3.0]'],
  [[-2.2, -1.4, -0.7, -3.1, -1.9], 'refuted, -1.9 points [-3.0, -0.7]'],
  [[5], 'not measured by more than one seed'],
  [[], 'not measured by more than one seed'],
])('%j', (differences, verdict) => {
  expect(verdictOf(differences)).toBe(verdict);
});

test('of two models by their answers', () => {
  const right = (n: number) => toBits(Array.from({ length: 10 }, (_, i) => i < n));
  const outcomes = [9, 8, 9].map((n) => ({ numbers: {}, right: { a: right(n), b: right(3) } }));
  const pair = { first: 'a', second: 'b' };
  // 60, 50 and 60 points: mean 56.667, s = 5.7735, t_0.975 = 4.30265.
  expect(verdictOfPair(outcomes, pair, 10)).toBe('shown, +56.7 points [+42.3, +71.0]');
  expect(verdictOfPair(outcomes, { first: 'b', second: 'a' }, 10)).toMatch(/^refuted, -56\.7/);
});
