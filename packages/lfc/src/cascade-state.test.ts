import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Architecture,
  adapt,
  defineAdapter,
  float32,
  Model,
  prune,
  pruneState,
  writeSafetensors,
} from '@kcr/core';
import { writeState } from '@kcr/core/internal';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockRecord, CascadeOptions } from './cascade-options.ts';
import {
  type CascadeState,
  cascadeIdentity,
  imageTokens,
  loadCascade,
  saveCascade,
  tokensLeft,
  withTokens,
} from './cascade-state.ts';
import { cascade, model, tokenSelector, weights } from './testing.ts';

test.each<[(number | undefined)[], number]>([
  [[], 6],
  [[4], 4],
  [[4, undefined, 2], 2],
  [[undefined, 5], 5],
  [[4, undefined], 4],
  [[undefined, undefined], 6],
  // A block cannot keep more than come to it.
  [[3, 5], 3],
])('after blocks with the counts %j, of 6 tokens are left %i', (counts, left) => {
  expect(tokensLeft(counts, 6)).toBe(left);
});

describe('image tokens', () => {
  const withLayout = (kind: 'set' | 'grid', positions?: number[]): Model => {
    const architecture: Architecture = {
      ...model.architecture,
      tokens: kind,
      forward: (m, image, config) => {
        const layout = positions && { height: 2, width: 2, positions };
        m.tap('tokens', image, undefined, { layout });
        return model.architecture.forward(m.child('inner'), image, config);
      },
    };
    return new Model(architecture, {});
  };

  test('are counted without the class token', () => {
    expect(imageTokens(model)).toBe(6);
    expect(imageTokens(withLayout('set', [-1, 0, 1, 2, 3]))).toBe(4);
  });

  test.each<[string, 'set' | 'grid', number[] | undefined]>([
    ['on a grid', 'grid', [0, 1, 2, 3]],
    ['that lie in no map', 'set', undefined],
  ])('%s cannot be taken out', (_, kind, positions) => {
    expect(() => imageTokens(withLayout(kind, positions))).toThrow(
      expect.objectContaining({ code: 'CASCADE_TOKENS' }),
    );
  });
});

describe('a model with its tokens', () => {
  const idle = defineAdapter({
    name: 'idle',
    module: 'test',
    contract: 1,
    attach: (_: object) => () => (_m, value) => value,
  });

  test("has its own adapters, what is left of it, and a selector of each block's count", async () => {
    const own = adapt(model, [idle({})]);
    const pruned = prune(own, { 'blocks.0.hidden': [0, 1] });
    const options = await cascade({ model: own, tokenSelector });
    const found = withTokens(pruned, options, [undefined, 4, undefined], 6);
    expect(found.kept).toEqual({ 'blocks.0.hidden': [0, 1] });
    expect(found.adapters.map(({ name, options: given }) => [name, given])).toEqual([
      ['idle', {}],
      ['first-tokens', { counts: [6, 4] }],
    ]);
    // Made again, it has one selector, not two.
    expect(withTokens(found, options, [3], 6).adapters).toHaveLength(2);
  });

  test('has no selector where no block has a count', async () => {
    const options = await cascade({ tokenSelector });
    expect(withTokens(model, options, [], 6).adapters).toEqual([]);
    expect(withTokens(model, options, [undefined], 6).adapters).toEqual([]);
  });
});

describe('a cascade that was saved', () => {
  const kept = { 'blocks.0.hidden': [0, 2, 5] };
  const pruned = prune(model, kept);
  const record: BlockRecord = {
    block: 'blocks.0',
    channels: { hidden: 3 },
    drop: 12.5,
    macs: 100,
    params: 10,
    tries: 4,
  };
  const stateOf = (options: CascadeOptions, counts: CascadeState['counts']): CascadeState => ({
    model: counts.length > 0 ? withTokens(pruned, options, counts, 6) : pruned,
    weights: pruneState(model, pruned, weights),
    counts,
    blocks: [record],
  });

  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kcr-cascade-state-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  test.each<[string, CascadeState['counts']]>([
    ['without counts', []],
    ['with counts, some of which are absent', [undefined, 4]],
  ])('%s, is read back', async (_, counts) => {
    const options = await cascade({ tokenSelector });
    const state = stateOf(options, counts);
    const path = join(folder, 'cascade.safetensors');
    const identity = await cascadeIdentity(options);
    await saveCascade(path, state, identity);
    const found = await loadCascade(path, options, identity);
    expect(found.counts).toEqual(counts);
    expect(found.blocks).toEqual([record]);
    expect(found.weights).toEqual(state.weights);
    expect(found.model.kept).toEqual(kept);
    expect(found.model.adapters.map((adapter) => adapter.options)).toEqual(
      counts.length > 0 ? [{ counts: [6, 4] }] : [],
    );
  });

  test('a file that is none is refused', async () => {
    const file = join(folder, 'weights.safetensors');
    await writeSafetensors(file, { tensors: weights, metadata: {} });
    const options = await cascade();
    const attempt = loadCascade(file, options, await cascadeIdentity(options));
    await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'STATE_DAMAGED' }));
  });

  test.each<[string, Partial<CascadeOptions>]>([
    ['options.epsilon', { epsilon: 50 }],
    ['options.rho', { rho: 0.25 }],
    ['options.batchSize', { batchSize: 4 }],
    ['options.seed', { seed: 2 }],
    ['options.order', { order: 'top-down' }],
    ['options.dims', { dims: ['hidden'] }],
    ['options.minTokens', { minTokens: [2] }],
    ['options.calibrationImages', { calibrationImages: 4 }],
    ['options.scoringImages', { scoringImages: 4 }],
    ['extensions', { tokenSelector: undefined }],
    [
      'extensions',
      { criterion: { name: 'other', contract: 1, options: {}, score: async () => new Map() } },
    ],
    ['weights.initial', { weights: { ...weights, 'blocks.0.fc1.weight': float32([8, 4], 1) } }],
  ])('goes on only as the same: %s', async (path, other) => {
    const options = await cascade({ tokenSelector });
    const file = join(folder, 'cascade.safetensors');
    await saveCascade(file, stateOf(options, [4]), await cascadeIdentity(options));
    const now = { ...options, ...other };
    const attempt = loadCascade(file, now, await cascadeIdentity(now));
    await expect(attempt).rejects.toThrow(
      expect.objectContaining({
        code: 'RESUME_MISMATCH',
        message: expect.stringContaining(path),
      }),
    );
  });

  test.each<[string, object]>([
    ['no channels', { kept: undefined }],
    ['channels that the model does not have', { kept: { 'blocks.0.hidden': [0, 2, 99] } }],
    ['channels of other arrays than there are', { kept: {} }],
    ['a count of tokens below 0', { counts: [-1] }],
    ['no blocks', { blocks: undefined }],
    ['a block without its name', { blocks: [{ ...record, block: undefined }] }],
    ['scores that are none', { blocks: [{ ...record, scores: { hidden: { log: true } } }] }],
    [
      'a score that is no number',
      { blocks: [{ ...record, scores: { hidden: { log: true, points: [[1, null]] } } }] },
    ],
    ['a drop that is no number', { blocks: [{ ...record, drop: null }] }],
  ])('is not gone on with where it has %s: STATE_DAMAGED', async (_, change) => {
    const options = await cascade({ tokenSelector });
    const identity = await cascadeIdentity(options);
    const file = join(folder, 'cascade.safetensors');
    const arrays = pruneState(model, pruned, weights);
    const facts = { kept, counts: [], blocks: [record], ...change };
    await writeState(file, { arrays, facts }, identity);
    await expect(loadCascade(file, options, identity)).rejects.toMatchObject({
      code: 'STATE_DAMAGED',
      where: file,
    });
  });
});
