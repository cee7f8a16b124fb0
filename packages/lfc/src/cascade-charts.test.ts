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

test('the scores of a role: a line for each block that has them', () => {
  const points: [number, number][] = [
    [0.5, 60],
    [2, 40],
  ];
  const scored = (block: string, log: boolean): BlockRecord => ({
    ...record({ channels: { hidden: 1 }, drop: 0 }),
    block,
    scores: { hidden: { log, points } },
  });
  const none = record({ channels: { hidden: 1, qk: 2 }, drop: 0 });
  const chart = (...blocks: BlockRecord[]) =>
    cascadeCharts(blocks).filter(({ title }) => title.startsWith('Scores'));
  expect(chart(scored('a', true), none, scored('b', true))).toMatchObject([
    {
      title: 'Scores of hidden channels',
      logX: true,
      lines: [
        { name: 'a', points },
        { name: 'b', points },
      ],
    },
  ]);
  expect(chart(scored('a', true), scored('b', false))[0]).toMatchObject({ logX: false });
});

test('a chart that nothing is in is left out', () => {
  const charts = cascadeCharts([record({ channels: { hidden: 1 }, drop: 0 })]);
  expect(charts.map(({ y }) => y)).toEqual(['channels', 'points']);
  expect(cascadeCharts([])).toEqual([]);
});
