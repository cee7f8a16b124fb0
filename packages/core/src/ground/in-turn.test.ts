import { expect, test } from 'vitest';
import { speedups, spreadOf, timesInTurn } from './in-turn.ts';

test.each([
  [[3], { median: 3, low: 3, high: 3 }],
  [[5, 1, 4, 2, 3], { median: 3, low: 2, high: 4 }],
  [[9, 1, 1, 1, 1, 1, 1, 1, 1], { median: 1, low: 1, high: 1 }],
])('the median and the quartiles of %j', (values, spread) =>
  expect(spreadOf(values)).toEqual(spread),
);

test('calls take turns, and the first three runs are not timed', async () => {
  const order: string[] = [];
  const call = (name: string) => async () => order.push(name);
  const times = await timesInTurn([call('a'), call('b')], 2);
  expect(order.join('')).toBe('ab'.repeat(5));
  expect(times.map(({ length }) => length)).toEqual([2, 2]);
  for (const time of times.flat()) expect(time).toBeGreaterThanOrEqual(0);
});

test('speed-ups are ratios of neighbouring runs', () => {
  // The machine is twice as slow in the second run, and the ratio stays.
  expect(
    speedups([
      [4, 8],
      [2, 4],
    ]),
  ).toEqual([
    { median: 1, low: 1, high: 1 },
    { median: 2, low: 2, high: 2 },
  ]);
});
