import { describe, expect, test } from 'vitest';
import {
  axisChannels,
  axisParts,
  axisSize,
  makeDim,
  partDim,
  partPositions,
  partShare,
  positionsIn,
  viewIndices,
} from './dim.ts';

const groups = { groups: 3 };

describe('makeDim', () => {
  test('a whole dimension has all channels and groups', () => {
    expect(makeDim('blocks.0.attn.qk', 12, groups)).toEqual({
      name: 'blocks.0.attn.qk',
      role: 'qk',
      size: 12,
      full: 12,
      kept: undefined,
      groups: 3,
      groupIds: [0, 1, 2],
      fullGroups: 3,
      groupSet: undefined,
      multipleOf: 1,
      min: 1,
      prunable: true,
      of: undefined,
    });
  });

  test('the role of a name without a path is the name', () => {
    expect(makeDim('embed', 4).role).toBe('embed');
  });

  test.each([
    [[0, 1, 2, 3, 8, 11], undefined],
    [
      [0, 8],
      [0, 2],
    ],
    [[4, 5, 6, 7], [1]],
    [
      [3, 4, 11],
      [0, 1, 2],
    ],
  ])('of 12 channels in 3 groups %j is left', (kept, ids) => {
    const make = () => makeDim('qk', 12, { ...groups, kept });
    if (ids) expect(make()).toMatchObject({ size: kept.length, groups: ids.length, groupIds: ids });
    else expect(make).toThrow(expect.objectContaining({ code: 'DIM_GROUPS', where: 'qk' }));
  });

  test('channels that the groups do not divide are refused', () => {
    expect(() => makeDim('a.qk', 10, groups)).toThrow(
      expect.objectContaining({
        code: 'DIM_GROUPS',
        where: 'a.qk',
        found: '10 channels in 3 groups',
      }),
    );
  });

  test('the fewest channels are the multiple, unless they are said', () => {
    expect(makeDim('x', 16, { multipleOf: 8 }).min).toBe(8);
    expect(makeDim('x', 16, { multipleOf: 4, min: 12 }).min).toBe(12);
  });

  test('the same group set in one scope is the same, in another one another', () => {
    const set = (name: string) => makeDim(name, 4, { groups: 2, groupSet: 'heads' }).groupSet;
    expect(set('blocks.0.attn.qk')).toBe('blocks.0.attn.heads');
    expect(set('blocks.0.attn.v')).toBe(set('blocks.0.attn.qk'));
    expect(set('blocks.1.attn.qk')).not.toBe(set('blocks.0.attn.qk'));
    expect(set('qk')).toBe('heads');
  });
});

describe('axes', () => {
  const qk = makeDim('qk', 6, { groups: 2 });
  const v = makeDim('v', 8, { groups: 2, kept: [0, 1, 2, 4, 5, 6] });
  const second = { dim: v, group: 1 };

  test('an axis is a part, or parts one after another', () => {
    expect(axisParts(5)).toEqual([5]);
    expect(axisParts(qk)).toEqual([qk]);
    expect(axisParts(second)).toEqual([second]);
    expect(axisParts([qk, 2, second])).toEqual([qk, 2, second]);
  });

  test('its size is the sum of the sizes now', () => {
    expect([5, qk, v, second, [qk, qk, v], [second, 2], []].map(axisSize)).toEqual([
      ...[5, 6, 6, 3, 18, 5, 0],
    ]);
  });

  test('a part knows its dimension and its share of it', () => {
    expect([5, qk, second].map(partDim)).toEqual([undefined, qk, v]);
    expect([5, qk, second].map(partShare)).toEqual([1, 1, 1 / 2]);
  });

  test('each position is a channel of a dimension, counted among those that are left', () => {
    const text = axisChannels([second, 2, qk]).map((at) => at && `${at.dim.name} ${at.channel}`);
    expect(text).toEqual([
      ...['v 3', 'v 4', 'v 5', undefined, undefined],
      ...['qk 0', 'qk 1', 'qk 2', 'qk 3', 'qk 4', 'qk 5'],
    ]);
  });
});

describe('positions of what is left', () => {
  const of = (kept?: number[], options = {}) => makeDim('x', 6, { kept, ...options });

  test.each([
    [undefined, [0, 2, 5], [0, 2, 5]],
    [
      [0, 2, 3, 5],
      [2, 5],
      [1, 3],
    ],
    [undefined, undefined, undefined],
    [[1, 4], [1, 4], undefined],
  ])('among %j, %j are at %j', (from, to, expected) => {
    expect(positionsIn(of(from), of(to))).toEqual(expected);
  });

  test('a part of one group has its own positions, from 0', () => {
    const two = { groups: 2 };
    const whole = of(undefined, two);
    const left = of([0, 2, 3, 4], two);
    expect([0, 1].map((group) => partPositions({ dim: whole, group }, left))).toEqual([
      [0, 2],
      [0, 1],
    ]);
    expect(partPositions(whole, left)).toEqual([0, 2, 3, 4]);
    expect(partPositions({ dim: whole, group: 1 }, whole)).toBeUndefined();
  });

  test('a view that sees all has none, and so has what is no view', () => {
    const base = of([0, 2, 3, 5]);
    expect(viewIndices(makeDim('io', 6, { of: base, kept: [2, 3] }))).toEqual([1, 2]);
    expect(viewIndices(makeDim('io', 6, { of: base, kept: [0, 2, 3, 5] }))).toBeUndefined();
    expect(viewIndices(base)).toBeUndefined();
  });
});
