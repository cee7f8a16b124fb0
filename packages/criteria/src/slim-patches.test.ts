import { createEagerEngine, makeDim, tf } from '@kcr/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { fixedTokens, slimPatches } from './slim-patches.ts';
import { type Given, tapped } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

describe('the image tokens of patch gates', () => {
  // The class token is first.
  const gates = [
    [0.9, 0.1, 0.8, 0.2, 0.3],
    [0.9, 0.7, 0.6, -0.5, 0.2],
    [0.9, 0.1, 0.1, 0.5, 0.0],
  ].map((block) => Float32Array.from(block));

  test.each<[number, number[][]]>([
    // Of 15 gates the threshold is the 8th highest, 0.3.
    [0.5, [[0, 1, 2, 3], [0, 1, 2], [2]]],
    [0.4, [[0, 1], [0, 1], []]],
    [
      1,
      [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ],
    ],
  ])('a share of %f', (share, expected) => {
    expect(slimPatches(gates, share)).toEqual(expected);
  });

  test.each([0, -1, 1.1, Number.NaN])('OPTION: a share of %f', (share) => {
    expect(() => slimPatches(gates, share)).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'slimPatches, share' }),
    );
  });
});

describe('fixed tokens', () => {
  const embed = makeDim('embed', 1);
  const layout = { height: 2, width: 2, positions: [-1, 0, 1, 2, 3] };
  const block = (tokens: number[], where: Partial<Given> = {}): Given[] => [
    { role: 'weights', value: tf.ones([2, 1, tokens.length, tokens.length]) },
    {
      role: 'tokens',
      value: tf.tensor3d([tokens, tokens.map((x) => -x)].map((row) => row.map((x) => [x]))),
      dim: embed,
      ...where,
    },
  ];

  test('stay where they are in every image, block after block', () => {
    const adapter = fixedTokens({ kept: [[0, 2, 3], [3]] });
    const given = [...block([9, 1, 2, 3, 4], { layout }), ...block([9, 1, 3, 4])];
    const { values } = tapped(adapter, given);
    expect([...values[1]!.data]).toEqual([9, 1, 3, 4, -9, -1, -3, -4]);
    expect([...values[3]!.data]).toEqual([9, 4, -9, -4]);
  });

  test('of blocks that are not named all stay', () => {
    const { values } = tapped(fixedTokens({ kept: [] }), block([9, 1, 2, 3, 4], { layout }));
    expect(values[1]!.shape).toEqual([2, 5, 1]);
  });

  test.each([
    [[[1, 0]]],
    [[[0, 0]]],
    [[[-1]]],
    [[[0.5]]],
    [
      [
        [0, 1],
        [1, 2],
      ],
    ],
  ])('OPTION: %j', (kept) => {
    expect(() => fixedTokens({ kept })).toThrow(expect.objectContaining({ code: 'OPTION' }));
  });

  test('on a grid: TOKENS_GRID', () => {
    expect(() => tapped(fixedTokens({ kept: [[0]] }), [], 'grid')).toThrow(
      expect.objectContaining({ code: 'TOKENS_GRID' }),
    );
  });
});
