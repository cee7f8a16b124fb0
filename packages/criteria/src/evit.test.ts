import { createEagerEngine, makeDim, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type EvitOptions, evit } from './evit.ts';
import { type Given, tapped } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const embed = makeDim('embed', 2);
const layout = { height: 2, width: 2, positions: [-1, 0, 1, 2, 3] };
/** The class token's rows of two heads; other rows do not count. */
const heads = [
  [0.2, 0.1, 0.4, 0.1, 0.2],
  [0.2, 0.3, 0.0, 0.5, 0.0],
];
const tokens = [
  [9, 9],
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
];
/** Means over the heads: 0.2, 0.2, 0.3 and 0.1. */
const scores = [0.2, 0.2, 0.3, 0.1];

const others = Array.from({ length: 4 }, () => [0.9, 0, 0, 0, 0.1]);

const block = (): Given[] => [
  {
    role: 'weights',
    value: tf.tensor4d([heads.map((row) => [row, ...others])]),
    layout,
  },
  { role: 'tokens', value: tf.tensor3d([tokens]), dim: embed, layout },
];
const run = (options: EvitOptions) => {
  const { values, own } = tapped(evit(options), block());
  const [, left] = values;
  const rows = Array.from({ length: left!.shape[1]! }, (_, i) => [
    ...left!.data.slice(2 * i, 2 * i + 2),
  ]);
  return { rows, kept: own.kept?.map(({ data }) => [...data]) };
};
const close = (row: number[]) => row.map((x) => expect.closeTo(x, 5));
const fused = (gone: number[]) =>
  [0, 1].map((c) => gone.reduce((sum, i) => sum + scores[i - 1]! * tokens[i]![c]!, 0));

describe('the tokens that the class token attends to most stay, in order', () => {
  // Of equal scores the first stays.
  test.each<[EvitOptions, number[]]>([
    [{ counts: [2] }, [1, 3]],
    [{ counts: [1] }, [3]],
    [{ counts: [3] }, [1, 2, 3]],
    [{ keepRatio: 0.7, blocks: [0] }, [1, 2, 3]],
    [{ keepRatio: 0.5, blocks: [0, 1] }, [1, 3]],
    [{ counts: [0] }, []],
  ])('%j', (options, stay) => {
    const gone = [1, 2, 3, 4].filter((i) => !stay.includes(i));
    const { rows, kept } = run(options);
    // N' = 1 + k + 1.
    expect(rows).toEqual([tokens[0], ...stay.map((i) => tokens[i]!), close(fused(gone))]);
    expect(kept).toEqual([[1, 2, 3, 4].map((i) => Number(stay.includes(i)))]);
    expect(run({ ...options, fuse: false }).rows).toEqual(rows.slice(0, -1));
  });
});

test.each<EvitOptions>([
  { counts: [] },
  { counts: [4] },
  { keepRatio: 1, blocks: [0] },
  { keepRatio: 0.5, blocks: [1] },
])('nothing goes with %j', (options) => {
  expect(run(options)).toEqual({ rows: tokens, kept: undefined });
});

test('a second block reads the scores of those that are left', () => {
  const [weights, first] = block();
  const rows = Array.from({ length: 4 }, () => [0.1, 0.2, 0.3, 0.4]);
  const second: Given = { role: 'weights', value: tf.tensor4d([[rows]]) };
  const adapter = evit({ counts: [2, 1] });
  const after: Given = {
    role: 'tokens',
    value: tf.tensor3d([
      [
        [9, 9],
        [1, 2],
        [5, 6],
        [2, 2],
      ],
    ]),
    dim: embed,
  };
  const { values } = tapped(adapter, [weights!, first!, second, after]);
  // The fused token has the most attention, and is one like others.
  expect([...values[3]!.data]).toEqual([9, 9, 2, 2, ...close([0.2 + 0.3 * 5, 0.4 + 0.3 * 6])]);
});

test.each([
  ['OPTION', { counts: [1.5] }],
  ['OPTION', { keepRatio: 0, blocks: [0] }],
] as const)('%s for %j', (code, options) => {
  expect(() => evit(options)).toThrow(expect.objectContaining({ code }));
});

test('on a grid: TOKENS_GRID', () => {
  expect(() => tapped(evit({ counts: [1] }), [], 'grid')).toThrow(
    expect.objectContaining({ code: 'TOKENS_GRID' }),
  );
});
