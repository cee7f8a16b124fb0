import { createEagerEngine, makeDim, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Given, tapped } from './testing.ts';
import { type TomeOptions, tome } from './tome.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const embed = makeDim('embed', 1);
/** Two heads of two values. */
const qk = makeDim('qk', 4, { groups: 2 });

const angle = (degrees: number) => {
  const at = (degrees * Math.PI) / 180;
  return [Math.cos(at), Math.sin(at)];
};
/** Keys whose mean over the heads points somewhere, at any length. */
const keysOf = (degrees: readonly number[]): Given => ({
  role: 'k',
  value: tf.tensor3d([
    degrees.map((d, i) => {
      const [x, y] = angle(d).map((v) => v * (1 + i)) as [number, number];
      return [x + 5, y - 3, x - 5, y + 3];
    }),
  ]),
  dim: qk,
});
const tokensOf = (values: readonly number[]): Given => ({
  role: 'tokens',
  value: tf.tensor3d([values.map((x) => [x])]),
  dim: embed,
});
const run = (options: TomeOptions, ...given: Given[]) => {
  const { values, own } = tapped(tome(options), given);
  return {
    values: values.map(({ data }) => [...data]),
    sizes: (own.sizes ?? []).map(({ data }) => [...data]),
  };
};
const close = (row: number[]) => row.map((x) => expect.closeTo(x, 5));

// Even places: 0 (class), 2 and 4; odd ones: 1 and 3. Token 2 is 10 degrees from 1, token 4 is 20 from 3.
const degrees = [0, 90, 100, 200, 220];
const values = [7, 1, 3, 10, 20];

describe('the most similar pairs become their means: even tokens that stay, then the odd ones', () => {
  test.each([
    [1, [7, 20, 2, 10], [1, 1, 2, 1]],
    [2, [7, 2, 15], [1, 2, 2]],
    // At most half of the image tokens.
    [9, [7, 2, 15], [1, 2, 2]],
    [[1], [7, 20, 2, 10], [1, 1, 2, 1]],
  ] as const)('r = %j', (r, expected, sizes) => {
    const found = run({ r }, keysOf(degrees), tokensOf(values));
    expect(found.values[1]).toEqual(close([...expected]));
    expect(found.sizes).toEqual([close([...sizes])]);
  });
});

test('two tokens may go to the same one', () => {
  const found = run({ r: 2 }, keysOf([0, 90, 100, 300, 80]), tokensOf(values));
  // 1, 3 and 20 are one; 10 stays.
  expect(found.values[1]).toEqual(close([7, 8, 10]));
  expect(found.sizes).toEqual([close([1, 3, 1])]);
});

test('heads that have kept other channels each are compared where these stand', () => {
  // The first of two heads of three channels keeps 0 and 2, the second 1 and 2: (x, -, 2x) and (-, y, 2y).
  const rows = [0, 90, 100, 200, 205].map(angle) as [number, number][];
  const keys = (row: (x: number, y: number) => number[], kept?: number[]): Given => ({
    role: 'k',
    value: tf.tensor3d([rows.map(([x, y]) => row(x, y))]),
    dim: makeDim('qk', 6, { groups: 2, kept }),
  });
  const merged = (given: Given) => run({ r: 1 }, given, tokensOf(values)).values[1];
  const pruned = keys((x, y) => [x, 2 * x, y, 2 * y], [0, 2, 4, 5]);
  const masked = keys((x, y) => [x, 0, 2 * x, 0, y, 2 * y]);
  // The mean keys are (x, y, 2x + 2y) / 2: 4 is nearest to 3. Of the channels in their order, (x + y, 2x + 2y) / 2, all are
  // alike but for the sign, and 2 would go to 1.
  expect(merged(pruned)).toEqual(close([7, 3, 1, 15]));
  expect(merged(masked)).toEqual(merged(pruned));
  // Without the first head: y, 2y.
  const second = keys((_, y) => [y, 2 * y], [4, 5]);
  expect(merged(second)).toEqual(merged(keys((_, y) => [0, 0, 0, 0, y, 2 * y])));
});

test('the class token never goes into another, however similar it is', () => {
  const found = run({ r: 1 }, keysOf([90, 90, 120, 200, 320]), tokensOf(values));
  expect(found.values[1]).toEqual(close([7, 20, 2, 10]));
});

test('in the next block tokens weigh as much as they stand for', () => {
  const first = [keysOf(degrees), tokensOf(values)];
  // Tokens are 7, 20, (1 + 3) / 2 and 10: even 0 and 2, odd 1 and 3.
  const second = [keysOf([0, 90, 90, 300]), tokensOf([7, 20, 2, 10])];
  const found = run({ r: [1, 1] }, ...first, ...second);
  // The token of two with that of one: (2 * 2 + 20) / 3.
  expect(found.values[3]).toEqual(close([7, 8, 10]));
  expect(found.sizes[1]).toEqual(close([1, 3, 1]));
  // All sizes together are the first tokens.
  for (const sizes of found.sizes) expect(sizes.reduce((a, b) => a + b)).toBeCloseTo(5, 5);
});

describe('attention', () => {
  const weights: Given = { role: 'weights', value: tf.tensor4d([[[[0.1, 0.2, 0.3, 0.4]]]]) };
  const first = [keysOf(degrees), tokensOf(values)];

  test('is as if each token were there as often as it stands for tokens', () => {
    const found = run({ r: 1 }, weights, ...first, weights);
    // Nothing has merged before the first block.
    expect(found.values[0]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
    expect(found.values[3]).toEqual(close([0.1, 0.2, 0.6, 0.4].map((x) => x / 1.3)));
  });

  test('or as it is', () => {
    const found = run({ r: 1, proportional: false }, ...first, weights);
    expect(found.values[2]).toEqual(close([0.1, 0.2, 0.3, 0.4]));
  });
});

test('with r = 0, or beyond the blocks that are named, nothing changes', () => {
  const given = [keysOf(degrees), tokensOf(values)];
  for (const r of [0, [], [0]])
    expect(run({ r }, ...given)).toEqual({ values: [expect.anything(), values], sizes: [] });
  const [, , , second] = run({ r: [0, 1] }, ...given, ...given).values;
  expect(second).toEqual(close([7, 20, 2, 10]));
});

// Options may come from a file.
const wrong: unknown[] = [-1, 1.5, [1, -2], [0.5], null, undefined, '1', {}, [[1]], true];
test.each(wrong)('r = %j: OPTION', (r) => {
  expect(() => tome({ r: r as number })).toThrow(
    expect.objectContaining({ code: 'OPTION', found: String(r) }),
  );
  expect(() => tome({ r: 1, proportional: 'no' as never })).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'tome, proportional' }),
  );
});

test('on a grid: TOKENS_GRID; other tokens than attended: TOKENS_CHANGED', () => {
  expect(() => tapped(tome({ r: 1 }), [], 'grid')).toThrow(
    expect.objectContaining({ code: 'TOKENS_GRID' }),
  );
  expect(() => run({ r: 1 }, keysOf(degrees.slice(1)), tokensOf(values))).toThrow(
    expect.objectContaining({ code: 'TOKENS_CHANGED' }),
  );
});

test('models that read more than the class token by its place are refused', () => {
  const layout = { height: 1, width: 3, positions: [-1, -1, 0, 1, 2] };
  expect(() => run({ r: 1 }, keysOf(degrees), { ...tokensOf(values), layout })).toThrow(
    expect.objectContaining({ code: 'TOKENS_PREFIX', where: 'tome, tokens' }),
  );
});
