import { expect, test } from 'vitest';
import { markdownTable } from './markdown-table.ts';

test('a line for the header, one under it, and one for each row', () =>
  expect(
    markdownTable(
      ['', 'top-1'],
      [
        ['dense', '80.0'],
        ['compact', ''],
      ],
    ),
  ).toBe('|  | top-1 |\n| --- | --- |\n| dense | 80.0 |\n| compact |  |'));
