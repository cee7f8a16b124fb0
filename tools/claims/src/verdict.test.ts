import { expect, test } from 'vitest';
import { toBits } from '../../experiments/src/bits.ts';
import { byWord, type Statement, statementRows, verdictOf, verdictOfPair } from './verdict.ts';

// Intervals and quantiles by scipy 1.17.1, as in statistics.test.ts.
test.each([
  [[1.2, 0.4, -0.3, 2.1, 0.9], 'not seen', '+0.9 [-0.3, +2.0]; 1.5 would have been', 0.098425],
  [[2.2, 1.4, 0.7, 3.1, 1.9], 'shown', '+1.9 [+0.7, +3.0]', 0.009724],
  [[-2.2, -1.4, -0.7, -3.1, -1.9], 'refuted', '-1.9 [-3.0, -0.7]', 0.009724],
  [[5], 'one seed', '+5.0', 1],
  [[], 'one seed', 'not measured', 1],
])('%j', (differences, word, text, p) => {
  const n = differences.length;
  expect(verdictOf(differences)).toEqual({ word, text, p: expect.closeTo(p, 6), n });
});

test('of two models by their answers', () => {
  const right = (n: number) => toBits(Array.from({ length: 10 }, (_, i) => i < n));
  const outcomes = [9, 8, 9].map((n) => ({ numbers: {}, right: { a: right(n), b: right(3) } }));
  const pair = { first: 'a', second: 'b' };
  // 60, 50 and 60 points: mean 56.667, s = 5.7735, t_0.975 = 4.30265.
  expect(verdictOfPair(outcomes, pair, 10)).toEqual({
    word: 'shown',
    text: '+56.7 [+42.3, +71.0]',
    p: expect.closeTo(0.003442, 6),
    n: 3,
  });
  const { word } = verdictOfPair(outcomes, { first: 'b', second: 'a' }, 10);
  expect(word).toBe('refuted');
});

test('statements are told by what became of them, and counted', () => {
  const statement = (of: string, differences: number[]): Statement => ({
    of,
    at: '',
    verdict: verdictOf(differences),
  });
  const statements = [
    statement('a', [1, 1.001]),
    statement('a', [1, 1.001]),
    statement('a', [1, 1.1]),
    statement('a', [-1, 1]),
    statement('b', [-1, -1.1]),
    statement('c', [2]),
    statement('d', [1, 1.001]),
  ];
  // Of two values of 1 and 1.1 p is 0.030, and of six tests more than 0.05 by Holm; of 1 and 1.001 it is 0.0003.
  expect(byWord(statements)).toEqual({
    shown: 'a (3, 2 by Holm); d',
    'not seen': 'a',
    refuted: 'b (not by Holm)',
    'one seed': 'c',
  });
  expect(statementRows(statements).map((row) => row.at(-1))).toEqual([
    '0.002',
    '0.002',
    '0.091',
    '1.000',
    '0.091',
    '',
    '0.002',
  ]);
});
