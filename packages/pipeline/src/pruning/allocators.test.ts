import { type CountRules, Generator, prune } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { tinyModel } from '../testing/tiny.ts';
import { allocators } from './allocators.ts';

const noTable = () => Promise.reject(new Error('not asked for'));

/** What an allocator keeps of two MLPs whose channels' scores rise, in the first from 0 and in the second from 100 on. */
async function kept(name: keyof typeof allocators, budget: number, rules: CountRules = {}) {
  const model = await tinyModel({ depth: 2 });
  const weights = model.initialize(new Generator(0));
  const rising = (from: number) => Float64Array.from({ length: 32 }, (_, i) => from + i);
  const scores = new Map([
    ['blocks.0.mlp.hidden', rising(0)],
    ['blocks.1.mlp.hidden', rising(100)],
  ]);
  const found = await allocators[name](budget, rules, noTable).allocate({
    model,
    weights,
    scores,
    whole: model,
    wholeWeights: weights,
    progress: 1,
    path: 'linear',
    later: [],
    accuracy: async () => 0.5,
  });
  return { found, model };
}

const last = (n: number) => Array.from({ length: n }, (_, i) => 32 - n + i);

describe('the budget is', () => {
  test('of `uniform` the share of each dimension', async () => {
    const { found } = await kept('uniform', 0.25);
    expect(found).toEqual({ 'blocks.0.mlp.hidden': last(8), 'blocks.1.mlp.hidden': last(8) });
  });

  test('of `global` the share of all channels, of which each dimension keeps one', async () => {
    const { found } = await kept('global', 0.5);
    expect(found).toEqual({ 'blocks.0.mlp.hidden': last(1), 'blocks.1.mlp.hidden': last(32) });
  });

  test.each(['macs', 'params'] as const)('of `%s` the share of them', async (name) => {
    const { found, model } = await kept(name, 0.8);
    const pruned = prune(model, found);
    const share =
      name === 'macs'
        ? pruned.macs.total / model.macs.total
        : pruned.parameterCount / model.parameterCount;
    expect(share).toBeLessThanOrEqual(0.8);
    expect(share).toBeGreaterThan(0.7);
  });

  test('of `drop` points of accuracy: where none is lost, one channel of each is left', async () => {
    const { found } = await kept('drop', 5);
    expect(Object.values(found).map(({ length }) => length)).toEqual([1, 1]);
  });
});

test.each([
  ['uniform', 1.5],
  ['global', 0],
  ['macs', 2],
  ['params', -1],
  ['latency', 1.5],
  ['drop', -1],
] as const)('OPTION for %s with a budget of %d', (name, budget) => {
  expect(() => allocators[name](budget, {}, noTable)).toThrow(
    expect.objectContaining({ code: 'OPTION' }),
  );
});

test.each([
  ['uniform', 0.4, 16],
  ['global', 0.3, 16],
  ['macs', 0.9, 16],
  ['params', 0.9, 16],
  ['drop', 5, 8],
] as const)('`%s` keeps to the counts that it is told', async (name, budget, align) => {
  const { found } = await kept(name, budget, { align });
  for (const { length } of Object.values(found))
    expect([length, length % align]).toEqual([length, 0]);
});
