import { describe, expect, test } from 'vitest';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { budget, selectWithin } from './budget.ts';
import { prune, pruneState } from './prune.ts';
import { allocation, perceptron, someWeights } from './testing.ts';

const model = perceptron();

/**
 * Channels go in the order a0, b0, a1, b1, a2, and then no more. MACs: 30, 24, 19, 14, 10, 6; parameters: 39, 32, 26,
 * 20, 15, 10.
 */
const scores = { 'a.hidden': [0.1, 0.2, 0.3, 0.4], 'b.hidden': [0.15, 0.25, 0.35] };

/** How many channels are left of each. */
const sizes = (kept: Readonly<Record<string, readonly number[]>>) =>
  Object.values(kept).map(({ length }) => length);

describe('the most channels within a limit', () => {
  const select = (limit: number) =>
    selectWithin(model, new Map(Object.entries(scores)), ({ macs }) => macs.total, limit);

  test.each([
    [100, [4, 3]],
    [30, [4, 3]],
    [29.9, [3, 3]],
    [19, [3, 2]],
    [18.9, [2, 2]],
    [6, [1, 1]],
  ])('%f', async (limit, expected) => {
    expect(sizes(await select(limit))).toEqual(expected);
  });

  test('are those with the best scores', async () => {
    expect(await select(14)).toEqual({ 'a.hidden': [2, 3], 'b.hidden': [1, 2] });
  });

  test('BUDGET where even the fewest cost more', async () => {
    await expect(select(5.9)).rejects.toMatchObject({
      code: 'BUDGET',
      found: 'a cost of at least 6 with the fewest channels, for a budget of 5.9',
    });
  });
});

describe('a share of', () => {
  const allocate = async (options: Parameters<typeof budget>[0], change = {}) =>
    sizes(await budget(options).allocate(allocation(model, scores, change)));

  test('MACs, unless another cost is said', async () => {
    expect(await allocate({ share: 0.5 })).toEqual([2, 2]); // 14 of 15
    expect(await allocate({ share: 0.5, cost: 'macs' })).toEqual([2, 2]);
    expect(await allocate({ share: 1 })).toEqual([4, 3]);
  });

  test('parameters', async () => {
    expect(await allocate({ share: 0.5, cost: 'params' })).toEqual([2, 1]); // 15 of 19.5
  });

  test('whatever is measured, with the weights that are left', async () => {
    const cost = async (pruned: Model, weights: StateDict) => {
      pruned.checkState(weights, 'cost');
      return Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    };
    expect(await allocate({ share: 0.5, cost })).toEqual([2, 1]);
  });

  test('what there is to save, by the share of the way', async () => {
    expect(await allocate({ share: 0.5 }, { progress: 0.5 })).toEqual([3, 2]); // 19 of 22.5
  });

  test('the whole model, whatever is left of it', async () => {
    const pruned = prune(model, { 'b.hidden': [1, 2] }); // 22 MACs
    const given = { 'a.hidden': [1, 2, 3, 4], 'b.hidden': [8, 9] };
    const change = { whole: model, weights: pruneState(model, pruned, someWeights(model)) };
    const kept = await budget({ share: 0.5 }).allocate(allocation(pruned, given, change));
    expect(sizes(kept)).toEqual([2, 2]);
  });
});

describe('block by block', () => {
  const shared = async (share: number) => {
    const first = allocation(model, { 'a.hidden': [1, 2, 3, 4] }, { later: ['b.hidden'] });
    const kept = await budget({ share }).allocate(first);
    const pruned = prune(model, kept);
    const weights = pruneState(model, pruned, someWeights(model));
    const second = allocation(pruned, { 'b.hidden': [1, 2, 3] }, { whole: model, weights });
    const rest = await budget({ share }).allocate(second);
    return [...sizes(kept), ...sizes(rest)];
  };

  test('each bears what it could save at most, in proportion', async () => {
    // Of 30 MACs a alone can save 18 and b alone 12: of 15 to save a bears 9, to 21 (2 channels: 18), b the rest (14).
    expect(await shared(0.5)).toEqual([2, 2]);
    // Of 18 to save a bears 10.8, to 19.2 (18), and b the rest, to 12 (2 channels: 14, 1 channel: 10).
    expect(await shared(0.4)).toEqual([2, 1]);
  });

  test('nothing is pruned where nothing is to be saved', async () => {
    expect(await shared(1)).toEqual([4, 3]);
  });
});

test.each<[string, Parameters<typeof budget>[0]]>([
  ['share', { share: 0 }],
  ['share', { share: 1.1 }],
  ['share', { share: Number.NaN }],
  ['cost', { share: 0.5, cost: 'energy' as 'macs' }],
])('OPTION: %s in %j', (option, options) => {
  expect(() => budget(options)).toThrow(
    expect.objectContaining({ code: 'OPTION', where: `budget, ${option}` }),
  );
});
