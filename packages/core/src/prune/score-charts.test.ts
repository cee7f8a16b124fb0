import { expect, test } from 'vitest';
import { scoreCharts } from './score-charts.ts';
import { perceptron, transformer } from './testing.ts';

test('a line for each block, of the shares of channels by their scores', () => {
  const [chart, ...others] = scoreCharts(
    perceptron(),
    new Map([
      ['a.hidden', [-1, 0, 23, 23]],
      ['b.hidden', [1, 1, 1]],
    ]),
  );
  expect(others).toEqual([]);
  expect(chart).toMatchObject({ title: 'Scores of hidden channels', logX: false });
  const [a, b] = chart!.lines;
  expect([a!.name, b!.name]).toEqual(['a', 'b']);
  expect(a!.points).toHaveLength(24);
  const filled = (points: typeof a) => points!.points.filter(([, share]) => share > 0);
  expect(filled(a)).toEqual([
    [-0.5, 25],
    [0.5, 25],
    [22.5, 50],
  ]);
  expect(filled(b)).toEqual([[1.5, 100]]);
});

test('a chart for each role, on a logarithmic axis where all scores are above 0', () => {
  const charts = scoreCharts(
    transformer(2),
    new Map([
      ['blocks.0.attn.qk', [1, 1, 1, Math.exp(24)]],
      ['blocks.1.mlp.hidden', [0, 1, 2, 3, 4, 5]],
    ]),
  );
  expect(charts.map(({ title, logX }) => [title, logX])).toEqual([
    ['Scores of qk channels', true],
    ['Scores of hidden channels', false],
  ]);
  const { points } = charts[0]!.lines[0]!;
  expect(points[0]).toEqual([expect.closeTo(Math.exp(0.5), 6), 75]);
  expect(points[23]).toEqual([expect.closeTo(Math.exp(23.5), -6), 25]);
  for (const { lines } of charts)
    for (const line of lines)
      expect(line.points.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(100, 9);
});

test('scores that are all alike are one bin; without scores there is no chart', () => {
  const [chart] = scoreCharts(perceptron(), new Map([['a.hidden', [2, 2, 2, 2]]]));
  expect(chart!.lines[0]!.points[0]).toEqual([2, 100]);
  expect(scoreCharts(perceptron(), new Map())).toEqual([]);
});
