import type { Line, LineChart } from '@kcr/core';
import type { BlockRecord } from './cascade-options.ts';

/** A line of what blocks have, in the order of the cascade; none where no block has it. */
function lineOf(
  name: string,
  blocks: readonly BlockRecord[],
  of: (record: BlockRecord) => number | undefined,
): Line[] {
  const points = blocks.flatMap((record, i): [number, number][] => {
    const value = of(record);
    return value === undefined ? [] : [[i + 1, value]];
  });
  return points.length > 0 ? [{ name, points }] : [];
}

/** How the scores of a role's channels are distributed in each block, before any of them went (VTC-LFC, A.10). */
function scoresOf(role: string, blocks: readonly BlockRecord[]): LineChart {
  const lines = blocks.flatMap(({ block, scores }) => {
    const found = scores && Object.hasOwn(scores, role) ? scores[role] : undefined;
    return found ? [{ name: block, ...found }] : [];
  });
  return {
    title: `Scores of ${role} channels`,
    x: 'score',
    y: 'channels of a bin, %',
    logX: lines.every(({ log }) => log),
    lines: lines.map(({ name, points }) => ({ name, points })),
  };
}

/** What a bottom-up cascade left in each block, and what each cost. */
export function cascadeCharts(blocks: readonly BlockRecord[]): LineChart[] {
  const roles = [...new Set(blocks.flatMap(({ channels }) => Object.keys(channels)))];
  const x = 'block, in the order of the cascade';
  const charts: LineChart[] = [
    {
      title: 'Image tokens after each block',
      x,
      y: 'tokens',
      lines: lineOf('tokens', blocks, ({ tokens }) => tokens),
    },
    {
      title: 'Channels left in each block',
      x,
      y: 'channels',
      lines: roles.flatMap((role) => lineOf(role, blocks, ({ channels }) => channels[role])),
    },
    {
      title: 'Accuracy that each block cost, on training images',
      x,
      y: 'points',
      lines: lineOf('drop', blocks, ({ drop }) => drop),
    },
    ...roles.map((role) => scoresOf(role, blocks)),
  ];
  return charts.filter(({ lines }) => lines.length > 0);
}
