import { describe, expect, test } from 'vitest';
import { linear } from '../layers/linear.ts';
import { put, take } from '../model/channel-view.ts';
import { type DimOptions, makeDim } from '../model/dim.ts';
import { range } from '../train/batches.ts';
import { tinyModel } from '../train/testing.ts';
import { prune } from './prune.ts';
import { allowedCount, checkCountRules, selectCounts, topChannels } from './selection.ts';
import { perceptron, transformer } from './testing.ts';

describe('the nearest count that a dimension allows', () => {
  test.each<[number, DimOptions, [wanted: number, allowed: number][]]>([
    [
      10,
      {},
      [
        [4.4, 4],
        [4.5, 5],
        [0, 1],
        [-3, 1],
        [10, 10],
        [11, 10],
      ],
    ],
    [
      10,
      { min: 5 },
      [
        [2, 5],
        [6, 6],
      ],
    ],
    [10, { min: 0 }, [[0, 1]]],
    // Of a size that is no multiple, the largest one below it.
    [
      10,
      { multipleOf: 4 },
      [
        [1, 4],
        [5, 4],
        [6, 8],
        [10, 8],
      ],
    ],
    // All of a dimension that is smaller than its unit.
    [3, { multipleOf: 4 }, [[2, 3]]],
    // Equally many in each of three groups.
    [
      12,
      { groups: 3 },
      [
        [1, 3],
        [7, 6],
        [8, 9],
        [12, 12],
      ],
    ],
    [12, { groups: 3, min: 5 }, [[1, 6]]],
    // Both at once: multiples of 12.
    [
      24,
      { groups: 3, multipleOf: 4 },
      [
        [1, 12],
        [17, 12],
        [19, 24],
      ],
    ],
  ])('of %i channels with %j', (size, options, cases) => {
    const dim = makeDim('hidden', size, options);
    for (const [wanted, allowed] of cases)
      expect([wanted, allowedCount(dim, wanted)]).toEqual([wanted, allowed]);
  });

  test('where some groups go, counts in those that stay', () => {
    const dim = makeDim('hidden', 12, { groups: 3 });
    expect([3, 5, 9].map((count) => allowedCount(dim, count, 2))).toEqual([4, 6, 8]);
    expect([1, 3, 9].map((count) => allowedCount(dim, count, 1))).toEqual([1, 3, 4]);
  });
});

describe('counts at which kernels are fast', () => {
  test.each<[size: number, DimOptions, align: number, [wanted: number, allowed: number][]]>([
    // Multiples, or all of a size that is none.
    [
      40,
      {},
      16,
      [
        [1, 16],
        [23, 16],
        [24, 32],
        [35, 32],
        [37, 40],
        [40, 40],
      ],
    ],
    [40, { min: 20 }, 16, [[1, 32]]],
    // Less than one multiple: every count.
    [12, {}, 16, [[5, 5]]],
    // Multiples that heads can have equal parts of; of eight heads all are.
    [
      192,
      { groups: 3 },
      16,
      [
        [70, 48],
        [80, 96],
      ],
    ],
    [192, { groups: 8 }, 16, [[70, 64]]],
    [24, { multipleOf: 6 }, 4, [[10, 12]]],
  ])('of %i channels with %j, aligned to %i', (size, options, align, cases) => {
    const dim = makeDim('hidden', size, options);
    for (const [wanted, allowed] of cases)
      expect([wanted, allowedCount(dim, wanted, dim.groups, align)]).toEqual([wanted, allowed]);
  });

  test.each([0, -8, 1.5, Number.NaN])('OPTION for an align of %s', (align) => {
    expect(() => checkCountRules('uniform', { align })).toThrow(
      expect.objectContaining({
        code: 'OPTION',
        where: 'uniform, align',
        found: String(align),
        fix: 'Give a whole number from 1, such as 8 or 16',
      }),
    );
  });

  test('of heads that go whole', () => {
    const model = transformer();
    const dims = [...model.dims.values()].filter(({ groups }) => groups > 1);
    const rising = new Map(
      dims.map(({ name, size }) => [name, Array.from({ length: size }, (_, i) => i)]),
    );
    for (const share of [0, 0.3, 0.6, 1]) {
      const kept = selectCounts(model, rising, ({ size }) => share * size, { wholeHeads: true });
      for (const { name, size, groups } of dims) {
        const heads = Math.max(Math.round(share * groups), 1);
        const last = (heads * size) / groups;
        expect([name, kept[name]]).toEqual([name, [...range(last)].map((i) => size - last + i)]);
      }
    }
  });

  test('of heads whose other dimension has no scores: none goes', () => {
    const model = transformer();
    const [dim] = [...model.dims.values()].filter(({ role }) => role === 'qk');
    const scores = new Map([[dim!.name, new Float64Array(dim!.size)]]);
    const kept = selectCounts(model, scores, () => 1, { wholeHeads: true });
    expect(kept[dim!.name]).toEqual([...range(dim!.size)]);
  });
});

describe('the best channels of a dimension', () => {
  test.each<[string, DimOptions, number[], number, number[]]>([
    ['the highest scores, ascending', {}, [1, 5, -2, 4], 2, [1, 3]],
    ['of equal ones the first', {}, [2, 2, 2, 2], 2, [0, 1]],
    ['negative and infinite ones too', {}, [-1, Number.NEGATIVE_INFINITY, -3, -2], 3, [0, 2, 3]],
    ['equally many of each group', { groups: 2 }, [9, 8, 7, 6], 2, [0, 2]],
    ['as many as are allowed', { multipleOf: 2 }, [1, 2, 3, 4], 3, [0, 1, 2, 3]],
    ['all', {}, [3, 1, 2, 0], 4, [0, 1, 2, 3]],
  ])('%s', (_, options, scores, count, expected) => {
    expect(topChannels(makeDim('hidden', 4, options), scores, count)).toEqual(expected);
  });
});

test('counts are asked for by dimension, with its scores; others stay whole', () => {
  const scores = new Map([['a.hidden', [4, 1, 3, 2]]]);
  const asked: [string, ArrayLike<number>][] = [];
  const kept = selectCounts(perceptron(), scores, (dim, values) => {
    asked.push([dim.name, values]);
    return 2;
  });
  expect(kept).toEqual({ 'a.hidden': [0, 2] });
  expect(asked).toEqual([['a.hidden', [4, 1, 3, 2]]]);
});

describe('a view', () => {
  /** A dimension of 4 channels, and views of it. */
  const viewed = (...views: string[]) =>
    tinyModel((m, pixels) => {
      const base = m.dim('base', 4);
      let x = m.tap('base', linear(m.child('fc'), pixels, 2, base), base);
      for (const name of views) {
        const view = m.dim(name, base);
        const read = m.tap(name, take(x, view), view);
        x = put(linear(m.child(`of-${name}`), read, view, view), view);
      }
      return { features: x, logits: linear(m.child('head'), x, base, 2) };
    });
  const model = viewed('view');

  test('keeps the best of the channels that the dimension it looks at keeps', () => {
    const scores = new Map([
      ['base', [4, 3, 2, 1]],
      ['view', [1, 2, 3, 4]],
    ]);
    const counts: Record<string, number> = { base: 3, view: 2 };
    const kept = selectCounts(model, scores, ({ name }) => counts[name]!);
    expect(kept).toEqual({ base: [0, 1, 2], view: [1, 2] });
  });

  test('is chosen from alone where the dimension it looks at is not', () => {
    const kept = selectCounts(model, new Map([['view', [1, 2, 3, 4]]]), () => 2);
    expect(kept).toEqual({ view: [2, 3] });
  });

  test('that was pruned before keeps its best channel, however bad that is', () => {
    const pruned = prune(model, { view: [2, 3] });
    const scores = new Map([['base', [9, 8, 1, 2]]]);
    expect(selectCounts(pruned, scores, () => 2)).toEqual({ base: [0, 3] });
    expect(selectCounts(pruned, scores, () => 0)).toEqual({ base: [3] });
    // Without a pruned view nothing is needed.
    expect(selectCounts(model, scores, () => 2)).toEqual({ base: [0, 1] });
  });

  test('of several that were pruned before, each keeps its best channel', () => {
    const pruned = prune(viewed('one', 'two'), { one: [2], two: [1, 3] });
    const scores = new Map([['base', [9, 1, 2, 3]]]);
    expect(selectCounts(pruned, scores, () => 1)).toEqual({ base: [2, 3] });
  });

  test('of a dimension that was pruned before counts in what is left', () => {
    // Of the unpruned channels 0, 2 and 3 are left, in both.
    const pruned = prune(model, { base: [0, 2, 3] });
    const scores = new Map([
      ['base', [1, 3, 2]],
      ['view', [9, 2, 1]],
    ]);
    const counts: Record<string, number> = { base: 2, view: 1 };
    const kept = selectCounts(pruned, scores, ({ name }) => counts[name]!);
    expect(kept).toEqual({ base: [1, 2], view: [1] });
    expect(prune(pruned, kept).kept).toEqual({ base: [2, 3], view: [2] });
  });
});

describe('heads', () => {
  const model = transformer();
  const [qk, v] = ['blocks.0.attn.qk', 'blocks.0.attn.v'];
  const select = (scores: Record<string, number[]>, counts: Record<string, number>) =>
    selectCounts(model, new Map(Object.entries(scores)), ({ name }) => counts[name]!);

  test('of q and v are the same, those whose channels sum to most', () => {
    // By v alone head 0 would be the better one.
    const scores = { [qk!]: [0, 0, 5, 5], [v!]: [3, 3, 1, 1] };
    expect(select(scores, { [qk!]: 2, [v!]: 2 })).toEqual({ [qk!]: [2, 3], [v!]: [2, 3] });
  });

  test('all stay where their best channels sum to more', () => {
    const scores = { [qk!]: [5, 0, 0, 4], [v!]: [0, 3, 3, 0] };
    expect(select(scores, { [qk!]: 2, [v!]: 2 })).toEqual({ [qk!]: [0, 3], [v!]: [1, 2] });
  });

  test('do not go where fewer could not hold the channels that are wanted', () => {
    const scores = { [qk!]: [1, 1, 1, 1], [v!]: [0, 0, 9, 9] };
    expect(select(scores, { [qk!]: 4, [v!]: 2 })).toEqual({ [qk!]: [0, 1, 2, 3], [v!]: [0, 2] });
  });

  test('all stay in a dimension that is scored without the other', () => {
    expect(select({ [v!]: [0, 0, 9, 9] }, { [v!]: 2 })).toEqual({ [v!]: [0, 2] });
  });

  test('all stay where fewer would be worth no more', () => {
    const scores = { [qk!]: [1, 1, 1, 1], [v!]: [1, 1, 1, 1] };
    expect(select(scores, { [qk!]: 2, [v!]: 2 })).toEqual({ [qk!]: [0, 2], [v!]: [0, 2] });
  });

  test('of equal ones the first stay', () => {
    const scores = { [qk!]: [1, 0, 1, 0], [v!]: [1, 0, 1, 0] };
    expect(select(scores, { [qk!]: 1, [v!]: 1 })).toEqual({ [qk!]: [0, 2], [v!]: [0, 2] });
  });
});
