import { expect, test } from 'vitest';
import { listed, percent, speedText, timeText } from './texts.ts';

test('figures have three digits that count, and their quartiles', () => {
  expect(timeText({ median: 9.584, low: 7.3, high: 112.4 })).toEqual(['9.58 ms', '[7.30, 112]']);
  expect(speedText({ median: 1.5, low: 1, high: 2.004 })).toEqual(['1.50×', '[1.00, 2.00]']);
  expect(percent(0.98765)).toBe('98.8 %');
});

test('words one after another', () =>
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual([
    '',
    'a',
    'a and b',
    'a, b and c',
  ]));
