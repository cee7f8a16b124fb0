import { expect, test } from 'vitest';
import { summaryTable } from './summary-table.ts';

const size = { params: 1000, macs: 2_000_000, latencyMs: 1.5 };

test('a column for what some model has, each size beside the first model', () => {
  const table = summaryTable(
    {
      dense: { ...size, top1: 0.5, trace: 4, tnn: 1 },
      compact: { params: 900, macs: 1_000_000, latencyMs: 1.5, top1: 0.6251 },
    },
    { top1: 'top-1', maskAP: 'mask AP' },
    [
      { number: 'tnn', title: 'TNN', digits: 2 },
      { number: 'tnn', per: 'trace', title: 'TNN / trace', digits: 1, percent: true },
      { number: 'ib', title: 'IB' },
    ],
  );
  expect(table.header).toEqual([
    'model',
    'top-1',
    'parameters',
    'MACs',
    'latency',
    'TNN',
    'TNN / trace',
  ]);
  expect(table.rows.map(({ cells }) => cells.map(({ text }) => text))).toEqual([
    ['50.0 %', '1,000', '2.00 M', '1.50 ms', '1.00', '25.0 %'],
    ['62.5 %', '900', '1.00 M', '1.50 ms', '', ''],
  ]);
  expect(table.rows[1]!.cells.map(({ beside }) => beside)).toEqual([
    undefined,
    '-10.0 %',
    '-50.0 %',
    undefined,
    undefined,
    undefined,
  ]);
});
