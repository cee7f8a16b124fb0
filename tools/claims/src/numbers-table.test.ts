import { expect, test } from 'vitest';
import { numbersTable } from './numbers-table.ts';

const outcome = (a: number, b?: number) => ({
  numbers: { 'a, kc': a, ...(b === undefined ? {} : { 'b, kc': b }) },
  right: {},
});

test('means stand beside their differences, paired by seed', () => {
  // Differences 1, 2 and 3: 2 +- 4.3027 / sqrt(3).
  const outcomes = [outcome(1, 2), outcome(2, 4), outcome(3, 6), outcome(10)];
  const table = numbersTable(outcomes, ['a', 'b', 'c'], 'a', [
    { key: 'kc', title: 'KC', digits: 1 },
  ]);
  expect(table.split('\n')).toEqual([
    '|  | KC |',
    '| --- | --- |',
    '| a | 4.0 |',
    '| b | 4.0, +2.0 [-0.5, +4.5] |',
    '| c |  |',
  ]);
});
