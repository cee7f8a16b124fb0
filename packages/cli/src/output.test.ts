import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { printResult, printTable } from './output.ts';

let out = '';
beforeEach(() => {
  out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((out += text)));
});
afterEach(() => vi.restoreAllMocks());

test('a result as JSON is one line', () => {
  const result = { n: 3, nested: { kept: [1, 2], none: null }, text: 'a\nb' };
  printResult(result, true);
  expect(out.endsWith('\n')).toBe(true);
  expect(out.trim().split('\n')).toHaveLength(1);
  expect(JSON.parse(out)).toEqual(result);
});

test('a result for people has a line for each number, aligned, with thousands and six digits', () => {
  printResult({ params: 5717416, top1: 0.7219999, macs: { total: 1000, attention: 7 }, ok: true });
  expect(out).toBe(
    [
      'params          5,717,416',
      'top1            0.722000',
      'macs.total      1,000',
      'macs.attention  7',
      'ok              true',
      '',
    ].join('\n'),
  );
});

test('lists are on one line, and what is not there is said', () => {
  printResult({ input: ['batch', 3, 8, 8], bound: null, top1: undefined });
  expect(out.split('\n')).toEqual(['input  batch 3 8 8', 'bound  null', 'top1   undefined', '']);
});

test('a table has aligned columns and no blanks at the ends of lines', () => {
  printTable([
    ['model', 'top-1', ''],
    ['dense', '50.0 %', 'x'],
    ['a longer name', '', ''],
  ]);
  expect(out).toBe('model          top-1\ndense          50.0 %  x\na longer name\n');
});
