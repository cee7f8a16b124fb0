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

test('a metric that one model has and another has not is left empty there', () => {
  const models = { dense: { ...size, boxAP: 0.25, maskAP: 0.2 }, compact: { ...size, boxAP: 0.3 } };
  const metrics = { boxAP: 'box AP', maskAP: 'mask AP', top1: 'top-1' };
  const { header, rows } = summaryTable(models, metrics, []);
  expect(header.slice(1, 3)).toEqual(['box AP', 'mask AP']);
  expect(rows.map(({ cells }) => [cells[0]!.text, cells[1]!.text])).toEqual([
    ['25.0 %', '20.0 %'],
    ['30.0 %', ''],
  ]);
});

test('what grew stands beside with a plus', () => {
  const models = { small: size, large: { ...size, params: 1100, latencyMs: 3 } };
  const [, large] = summaryTable(models, {}, []).rows;
  expect(large!.cells.map(({ beside }) => beside)).toEqual(['+10.0 %', undefined, '+100.0 %']);
});
