import { expect, test } from 'vitest';
import { toBits } from './bits.ts';
import { compare, comparisonTable } from './comparison-table.ts';

/** Two models of one seed on ten images, of which the first gets `first` right, and the second the first `second`. */
const outcome = (first: number, second: number) => {
  const right = (n: number) => toBits(Array.from({ length: 10 }, (_, i) => i < n));
  return { numbers: {}, right: { a: right(first), b: right(second) } };
};
const pair = { first: 'a', second: 'b' };

test('differences are paired by seed, in points', () => {
  const found = compare([outcome(8, 7), outcome(9, 7), outcome(7, 6)], 10, pair);
  expect(found.accuracies).toEqual([80, 200 / 3].map((value) => expect.closeTo(value, 10)));
  // 10, 20 and 10 points: mean 13.33, s = 5.774, t_0.975 = 4.3027 and t_0.8 = 1.0607 with 2 degrees.
  expect(found.difference).toEqual({
    mean: expect.closeTo(13.3333, 3),
    low: expect.closeTo(13.3333 - 14.3424, 3),
    high: expect.closeTo(13.3333 + 14.3424, 3),
    n: 3,
  });
  expect(found.seen).toBeCloseTo(((4.30265 + 1.06066) * 5.7735) / Math.sqrt(3), 3);
  // Four images that the first model alone has right: 2 / 16.
  expect(found.p).toBeCloseTo(0.125, 10);
});

test('seeds that have not both are left out, and each pair is a row', () => {
  const half = { numbers: {}, right: { a: outcome(1, 1).right.a } };
  const { markdown, comparisons } = comparisonTable(
    [outcome(8, 7), outcome(9, 7), half],
    [pair],
    10,
  );
  expect(comparisons[0]!.difference.n).toBe(2);
  expect(markdown.split('\n')).toHaveLength(3);
});

test('one seed has a difference and no interval', () => {
  const { markdown } = comparisonTable([outcome(8, 6)], [pair], 10);
  expect(markdown.split('\n')[2]).toBe('| a | b | 80.0 | 60.0 | +20.0 |  | 0.500 | 1 |');
});
