import { expect, test } from 'vitest';
import { gridPoints, randomPoints } from './points.ts';

test('a grid has all combinations, the last parameter changing fastest', () => {
  expect(gridPoints({ a: [1, 2], b: ['x', 'y', 'z'] })).toEqual([
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 1, b: 'z' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
    { a: 2, b: 'z' },
  ]);
});

const range = { from: 1e-4, to: 1, scale: 'log', integer: false } as const;

test('more settings of a seed begin with the same ones; another seed has others', () => {
  const parameters = { lr: range, kind: ['a', 'b'] };
  const few = randomPoints(parameters, 5, 7);
  expect(few).toHaveLength(5);
  expect(randomPoints(parameters, 20, 7).slice(0, 5)).toEqual(few);
  expect(randomPoints(parameters, 5, 8)).not.toEqual(few);
  // A further parameter leaves what is drawn of the others as it is.
  expect(randomPoints({ ...parameters, more: range }, 5, 7).map(({ lr }) => lr)).toEqual(
    few.map(({ lr }) => lr),
  );
});

test('of a log range each power of ten is as likely, of a linear one each tenth', () => {
  const of = (scale: 'log' | 'linear') =>
    randomPoints({ x: { ...range, scale } }, 4000, 0).map(({ x }) => Number(x));
  const shares = (values: number[], edges: number[]) =>
    edges.slice(1).map((high, i) => values.filter((v) => v >= edges[i]! && v < high).length / 4000);
  // Four standard deviations of a share of a quarter of 4,000 draws are 0.027.
  for (const share of shares(of('log'), [1e-4, 1e-3, 1e-2, 0.1, 1.01]))
    expect(Math.abs(share - 0.25)).toBeLessThan(0.028);
  for (const share of shares(of('linear'), [0, 0.25, 0.5, 0.75, 1.01]))
    expect(Math.abs(share - 0.25)).toBeLessThan(0.028);
});

test('whole numbers have both ends, as likely as the rest; there are no more than there are', () => {
  const parameter = { from: 1, to: 4, scale: 'linear', integer: true } as const;
  const points = randomPoints({ x: parameter }, 100, 0);
  expect(points.map(({ x }) => x).toSorted()).toEqual([1, 2, 3, 4]);
  const pairs = randomPoints({ x: parameter, y: { ...range, to: 0.9 } }, 4000, 1);
  for (const value of [1, 2, 3, 4])
    expect(Math.abs(pairs.filter(({ x }) => x === value).length / 4000 - 0.25)).toBeLessThan(0.028);
});
