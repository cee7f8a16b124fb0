import { blocksOf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { BlockTurn } from './block-turn.ts';
import type { CascadeOptions, TryReport } from './cascade-options.ts';
import type { CascadeState } from './cascade-state.ts';
import { cascade, data, model, tokenSelector, weights } from './testing.ts';

const blocks = blocksOf(model, ['hidden']);

/** The turn of a block, as the second of three, on a model of which nothing was taken out. */
async function turnOf(
  place: 0 | 1,
  more: Partial<CascadeOptions> = {},
  counts: CascadeState['counts'] = [],
) {
  const tries: TryReport[] = [];
  const options = await cascade({ onTry: (report) => tries.push(report), ...more });
  const images = { calibration: data, scoring: data };
  const turn = new BlockTurn(options, images, blocks[place]!, { turn: 2, blocks: 3 });
  const state = await turn.run({ model, weights, counts, blocks: [] });
  const [tried, record] = [tries.map(({ what, count }) => [what, count]), state.blocks.at(-1)!];
  return { state, tries, tried, record };
}

test('each block may cost an equal part of the points, tokens their share of it', async () => {
  const { tries } = await turnOf(0, { epsilon: 90, tokenSelector, rho: 0.4 });
  expect(new Set(tries.map(({ what, allowed }) => `${what} ${allowed}`))).toEqual(
    new Set(['tokens 12', 'channels 30']),
  );
  for (const report of tries)
    expect(report).toMatchObject({ block: 'blocks.0', turn: 2, blocks: 3 });
});

test('channels of its own dimensions alone are taken out, at least one stays', async () => {
  const { state, record } = await turnOf(1, {
    epsilon: 100,
    criterion: undefined,
    dims: ['hidden'],
  });
  expect(Object.keys(state.model.kept)).toEqual(['blocks.1.hidden']);
  expect(record.channels.hidden).toBeGreaterThanOrEqual(1);
  expect(state.weights['blocks.0.fc1.weight']).toEqual(weights['blocks.0.fc1.weight']);
  expect(state.weights['blocks.1.fc1.weight']!.shape).toEqual([record.channels.hidden, 4]);
});

describe('tokens', () => {
  test('stay where none may be lost for them', async () => {
    const { tried, record } = await turnOf(0, { tokenSelector, rho: 0 });
    expect(tried.filter(([what]) => what === 'tokens')).toEqual([]);
    expect(record.tokens).toBe(6);
  });

  test('are not fewer than the block must keep', async () => {
    const { state, record } = await turnOf(0, { tokenSelector, minTokens: [5] });
    expect([record.tokens, state.counts]).toEqual([5, [5]]);
  });

  test('are not fewer than later blocks keep, whose turn was before', async () => {
    const { state, record } = await turnOf(0, { tokenSelector }, [undefined, 5]);
    expect([record.tokens, state.counts]).toEqual([5, [5, 5]]);
  });

  test('are counted among those that come', async () => {
    const { state, tried, record } = await turnOf(1, { tokenSelector, epsilon: 3 }, [5]);
    // One of five is empty; the next would cost a class.
    expect(tried.filter(([what]) => what === 'tokens')).toEqual([
      ['tokens', 1],
      ['tokens', 2],
    ]);
    expect([record.tokens, state.counts]).toEqual([4, [5, 4]]);
    expect(state.model.adapters.map(({ options }) => options)).toEqual([{ counts: [5, 4] }]);
  });

  test('are not in the record without a selector', async () => {
    expect((await turnOf(0)).record).not.toHaveProperty('tokens');
  });
});

test('the record says what is left and what it cost, against the model that came', async () => {
  const { record, tries } = await turnOf(0, { epsilon: 75 });
  // One class in four may go: 25 points.
  expect(record).toEqual({
    block: 'blocks.0',
    channels: { hidden: 3 },
    drop: 25,
    macs: 48 * (3 + 8),
    params: 8 * (3 + 8),
    tries: tries.length,
    scores: { hidden: { log: false, points: expect.any(Array) } },
  });
  // 8 channels of scores 0, -1, ... -7.
  const { points } = record.scores!.hidden!;
  expect(points.filter(([, share]) => share > 0).map(([, share]) => share)).toEqual(
    Array(8).fill(12.5),
  );
});

test('where nothing may be lost and all costs, the model stays', async () => {
  // Scores that take out the channels of the classes first.
  const criterion: CascadeOptions['criterion'] = {
    name: 'from-the-front',
    contract: 1,
    options: {},
    score: async () => new Map([['blocks.0.hidden', [0, 1, 2, 3, 4, 5, 6, 7]]]),
  };
  const { state, record, tried } = await turnOf(0, { epsilon: 3, criterion });
  expect(tried).toEqual([['channels', 1]]);
  expect(record).toMatchObject({ drop: 0, channels: { hidden: 8 }, tries: 1 });
  expect(state.weights).toEqual(weights);
});
