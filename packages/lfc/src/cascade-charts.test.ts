import { expect, test } from 'vitest';
import { cascadeCharts } from './cascade-charts.ts';
import type { BlockRecord } from './cascade-options.ts';

const record = (more: Pick<BlockRecord, 'channels' | 'drop' | 'tokens'>): BlockRecord => ({
  block: 'a block',
  macs: 1,
  params: 1,
  tries: 1,
  ...more,
});

test('each block is a point, counted from 1; lines are of those that have the value', () => {
  const charts = cascadeCharts([
    record({ channels: { qk: 8, v: 6 }, drop: 0.5, tokens: 100 }),
    record({ channels: { hidden: 20 }, drop: 0 }),
    record({ channels: { qk: 4, hidden: 10 }, drop: -0.25, tokens: 80 }),
  ]);
  expect(charts.map(({ y, lines }) => [y, lines])).toEqual([
    [
      'tokens',
      [
        {
          name: 'tokens',
          points: [
            [1, 100],
            [3, 80],
          ],
        },
      ],
    ],
    [
      'channels',
      [
        {
          name: 'qk',
          points: [
            [1, 8],
            [3, 4],
          ],
        },
        { name: 'v', points: [[1, 6]] },
        {
          name: 'hidden',
          points: [
            [2, 20],
            [3, 10],
          ],
        },
      ],
    ],
    [
      'points',
      [
        {
          name: 'drop',
          points: [
            [1, 0.5],
            [2, 0],
            [3, -0.25],
          ],
        },
      ],
    ],
  ]);
});

test('a chart that nothing is in is left out', () => {
  const charts = cascadeCharts([record({ channels: { hidden: 1 }, drop: 0 })]);
  expect(charts.map(({ y }) => y)).toEqual(['channels', 'points']);
  expect(cascadeCharts([])).toEqual([]);
});
