import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32, int32, type NdArray, sizeOf } from '../ground/array.ts';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { adapt } from '../model/adapt.ts';
import { defineAdapter } from '../model/adapter.ts';
import type { DimOptions, Kept } from '../model/dim.ts';
import { ones } from '../model/initializer.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { tf } from '../tensor/tf.ts';
import { compileInference } from '../train/inference.ts';
import { tinyModel } from '../train/testing.ts';
import { prune, pruneState } from './prune.ts';
import { perceptron, someWeights, transformer } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

/** 0, 1, 2, ... in a parameter's shape: an element says where it was. */
const counting = (model: Model): StateDict =>
  Object.fromEntries(
    model.params.map(({ name, shape }) => [name, float32(shape, [...Array(sizeOf(shape)).keys()])]),
  );

const plain = (array: NdArray | undefined) => [array!.shape, [...array!.data]];

/** Logits of three images. */
async function logits(model: Model, weights: StateDict): Promise<number[]> {
  const pixels = sizeOf(model.inputShape);
  const values = Array.from({ length: 3 * pixels }, (_, i) => Math.cos(2 * i));
  engine.set(weights);
  await using inference = compileInference(engine, model);
  const found = await inference({ image: float32([3, ...model.inputShape], values) });
  engine.delete(Object.keys(weights));
  return [...found.logits!.data];
}

describe('weights of a pruned model', () => {
  test('lose the rows and columns of the channels that went', () => {
    const model = perceptron();
    const pruned = prune(model, { 'a.hidden': [1, 3] });
    const state = pruneState(model, pruned, counting(model));
    expect(plain(state['a.weight'])).toEqual([
      [2, 3],
      [3, 4, 5, 9, 10, 11],
    ]);
    expect(plain(state['a.bias'])).toEqual([[2], [1, 3]]);
    expect(plain(state['b.weight'])).toEqual([
      [3, 2],
      [1, 3, 5, 7, 9, 11],
    ]);
    expect(plain(state['b.bias'])).toEqual([[3], [0, 1, 2]]);
    pruned.checkState(state, 'test');
  });

  test('of q, k and v in one array lose the same channels part by part', () => {
    const model = transformer();
    const pruned = prune(model, { 'blocks.0.attn.qk': [1, 2], 'blocks.0.attn.v': [0, 3] });
    const state = pruneState(model, pruned, counting(model));
    // q has rows 0 to 3, k 4 to 7, v 8 to 11.
    expect(plain(state['blocks.0.attn.qkv.bias'])).toEqual([[6], [1, 2, 5, 6, 8, 11]]);
    const first = [...state['blocks.0.attn.qkv.weight']!.data].filter((_, i) => i % 4 === 0);
    expect(first).toEqual([4, 8, 20, 24, 32, 44]);
    expect(plain(state['blocks.0.attn.proj.weight'])).toEqual([
      [4, 2],
      [0, 3, 4, 7, 8, 11, 12, 15],
    ]);
  });

  test('have statistics of the channels that are left, and counters as they were', () => {
    const model = tinyModel((m, pixels) => {
      const hidden = m.dim('hidden', 3);
      const x = m.tap('hidden', linear(m.child('fc'), pixels, 2, hidden), hidden);
      const features = batchNorm(m.child('norm'), x, hidden);
      return { features, logits: linear(m.child('head'), features, hidden, 2) };
    });
    const state = { ...counting(model), 'norm.num_batches_tracked': int32([], [7]) };
    const pruned = pruneState(model, prune(model, { hidden: [0, 2] }), state);
    expect(plain(pruned['norm.running_var'])).toEqual([[2], [0, 2]]);
    expect(pruned['norm.num_batches_tracked']).toBe(state['norm.num_batches_tracked']);
  });

  test('are those that came where nothing is pruned', () => {
    const model = transformer();
    const state = counting(model);
    expect(pruneState(model, prune(model, {}), state)).toEqual(state);
  });
});

describe('a pruned model computes what the whole one does with zeros for the channels that went', () => {
  /** A block's weights where all that makes or reads a channel is 0. */
  function zeroed(model: Model, kept: Kept): StateDict {
    const state = someWeights(model);
    const gone = (name: string, i: number) => kept[name] !== undefined && !kept[name].includes(i);
    const clear = (name: string, keep: (at: readonly number[]) => boolean) => {
      const [, columns = 1] = state[name]!.shape;
      state[name]!.data.forEach((_, i, data) => {
        if (!keep([Math.floor(i / columns), i % columns])) data[i] = 0;
      });
    };
    const [qk, v] = ['blocks.0.attn.qk', 'blocks.0.attn.v'];
    const rows = ([row]: readonly number[]) =>
      row! < 8 ? !gone(qk, row! % 4) : !gone(v, row! - 8);
    clear('blocks.0.attn.qkv.weight', rows);
    clear('blocks.0.attn.qkv.bias', rows);
    const [io, hidden] = ['blocks.0.mlp.io', 'blocks.0.mlp.hidden'];
    clear('blocks.0.mlp.fc1.weight', ([h, i]) => !gone(hidden, h!) && !gone(io, i!));
    clear('blocks.0.mlp.fc1.bias', ([h]) => !gone(hidden, h!));
    clear('blocks.0.mlp.fc2.weight', ([i]) => !gone(io, i!));
    clear('blocks.0.mlp.fc2.bias', ([i]) => !gone(io, i!));
    return state;
  }

  test.each<[string, Kept]>([
    ['hidden channels', { 'blocks.0.mlp.hidden': [0, 4, 5] }],
    ['what the MLP reads and writes', { 'blocks.0.mlp.io': [1, 2] }],
    ['channels of q and k', { 'blocks.0.attn.qk': [1, 2] }],
    ['channels of v', { 'blocks.0.attn.v': [0, 3] }],
    ['a head', { 'blocks.0.attn.qk': [2, 3], 'blocks.0.attn.v': [2, 3] }],
    [
      'of all some',
      {
        'blocks.0.attn.qk': [0, 2],
        'blocks.0.attn.v': [1, 2],
        'blocks.0.mlp.io': [0, 3],
        'blocks.0.mlp.hidden': [2],
      },
    ],
  ])('%s', async (_, kept) => {
    const model = transformer();
    const pruned = prune(model, kept);
    const found = await logits(pruned, pruneState(model, pruned, someWeights(model)));
    const expected = await logits(model, zeroed(model, kept));
    expect(found).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(found).not.toEqual(
      (await logits(model, someWeights(model))).map((value) => expect.closeTo(value, 5)),
    );
  });
});

describe('a selection', () => {
  test('is a set: its order says nothing', () => {
    expect(prune(perceptron(), { 'a.hidden': [3, 1] }).kept).toEqual({ 'a.hidden': [1, 3] });
  });

  test('counts in the dimension as it is; what is kept in the unpruned one', () => {
    const model = perceptron();
    const once = prune(model, { 'a.hidden': [0, 2, 3], 'b.hidden': [0, 1] });
    const twice = prune(once, { 'a.hidden': [1, 2] });
    expect(twice.kept).toEqual({ 'a.hidden': [2, 3], 'b.hidden': [0, 1] });
    const state = counting(model);
    const stepwise = pruneState(once, twice, pruneState(model, once, state));
    expect(stepwise).toEqual(pruneState(model, twice, state));
  });

  test('goes through the adapters of a model, which stay', () => {
    const gain = defineAdapter({
      name: 'gain',
      module: 'test',
      contract: 1,
      attach:
        (_: object) =>
        () =>
        (m, value, { role, dim }) =>
          role === 'hidden' && dim
            ? tf.mul(value, m.child('gain').param('scale', [dim], ones))
            : value,
    });
    const model = adapt(perceptron(), [gain({})]);
    const pruned = prune(model, { 'a.hidden': [1, 3] });
    expect(pruned.adapters).toEqual(model.adapters);
    const state = pruneState(model, pruned, counting(model));
    expect(plain(state['a.gain.scale'])).toEqual([[2], [1, 3]]);
    expect(plain(state['b.gain.scale'])).toEqual([[3], [0, 1, 2]]);
  });

  test('leaves the model that it is made from', () => {
    const model = perceptron();
    const { macs, parameterCount } = prune(model, { 'a.hidden': [0], 'b.hidden': [0, 1] });
    // 3 + 2 + 4 MACs; weights 3, 2 and 4, biases 1, 2 and 2
    expect([macs.total, parameterCount]).toEqual([9, 14]);
    expect([model.macs.total, model.parameterCount, model.kept]).toEqual([30, 39, {}]);
  });
});

describe('what a dimension does not allow is refused', () => {
  const withDim = (options: DimOptions, size = 8) =>
    tinyModel((m, pixels) => {
      const hidden = m.dim('hidden', size, options);
      const features = m.tap('hidden', linear(m.child('fc'), pixels, 2, hidden), hidden);
      return { features, logits: linear(m.child('head'), features, hidden, 2) };
    });

  test.each<[string, readonly number[], DimOptions]>([
    ['SELECTION_PRUNABLE', [0, 1], { prunable: false }],
    ['DIM_INDEX', [0, 8], {}],
    ['DIM_INDEX', [-1, 0], {}],
    ['DIM_INDEX', [0.5], {}],
    ['DIM_INDEX', [Number.NaN], {}],
    ['DIM_INDEX', [0, 3, 3], {}],
    ['SELECTION_MIN', [], {}],
    ['SELECTION_MIN', [], { min: 0 }],
    ['SELECTION_MIN', [0, 1], { min: 3 }],
    ['SELECTION_MIN', [0, 1], { multipleOf: 4 }],
    ['SELECTION_MULTIPLE', [0, 1, 2], { multipleOf: 2 }],
    ['DIM_GROUPS', [0, 1, 4], { groups: 2 }],
  ])('%s: %j of 8 channels with %j', (code, indices, options) => {
    expect(() => prune(withDim(options), { hidden: indices })).toThrow(
      expect.objectContaining({ code, where: 'hidden' }),
    );
  });

  test('DIM_INDEX beyond what is left of a dimension', () => {
    const pruned = prune(perceptron(), { 'a.hidden': [1, 3] });
    expect(() => prune(pruned, { 'a.hidden': [0, 2] })).toThrow(
      expect.objectContaining({
        code: 'DIM_INDEX',
        where: 'a.hidden',
        found: 'the channel 2',
      }),
    );
  });

  test('SELECTION_DIM names a dimension that there is not, and some that there are', () => {
    expect(() => prune(perceptron(), { hidden: [0] })).toThrow(
      expect.objectContaining({
        code: 'SELECTION_DIM',
        where: 'hidden',
        fix: expect.stringContaining('a.hidden, b.hidden'),
      }),
    );
  });
});
