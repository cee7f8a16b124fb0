import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import type { Dataset } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { tinyImages } from '../train/testing.ts';
import { accuracyOf } from './accuracy.ts';
import { type AllocationContext, defineAllocator } from './allocator.ts';
import { type CriterionContext, defineCriterion } from './criterion.ts';
import { uniform } from './keep-ratio.ts';
import { prune, pruneState } from './prune.ts';
import { type PruneTrainedOptions, type PruningReport, pruneTrained } from './prune-trained.ts';
import { blockwise, iterative } from './pruning-schedule.ts';
import { perceptron, someWeights, transformer } from './testing.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterEach(() => engine.dispose());

const model = perceptron();
const weights = someWeights(model);
const data = tinyImages(
  [
    [1, -2, 0.5],
    [0.25, 1, -1],
    [2, 0.5, 1],
  ],
  [0, 1, 1],
);

/** Channels score as their place in the unpruned dimension. */
const place = defineCriterion({
  name: 'place',
  contract: 1,
  score:
    (_: object) =>
    ({ model: now }) => {
      const dims = [...now.dims.values()].filter(({ prunable }) => prunable);
      return new Map(
        dims.map(({ name, kept, full }) => [name, kept ?? [...Array(full).keys()]] as const),
      );
    },
});

/** A criterion that keeps what it was asked. */
function watched() {
  const asked: CriterionContext[] = [];
  const watching = defineCriterion({
    name: 'watching',
    contract: 1,
    score: (_: object) => (context) => {
      asked.push(context);
      return place({}).score(context);
    },
  });
  return { criterion: watching({}), asked };
}

/** An allocator that keeps half, and what it was asked. */
function halving() {
  const asked: AllocationContext[] = [];
  const watching = defineAllocator({
    name: 'halving',
    contract: 1,
    allocate: (_: object) => (context) => {
      asked.push(context);
      return uniform({ keepRatio: 0.5 }).allocate(context);
    },
  });
  return { allocator: watching({}), asked };
}

const run = (change: Partial<PruneTrainedOptions> = {}) =>
  pruneTrained({
    model,
    weights,
    criterion: place({}),
    allocator: uniform({ keepRatio: 0.5 }),
    engine,
    data,
    batchSize: 2,
    seed: 1,
    ...change,
  });

const values = (state: StateDict) =>
  Object.fromEntries(
    Object.entries(state).map(([name, { shape, data: own }]) => [name, shape, ...own]),
  );

describe('at once', () => {
  test('the channels that the allocator chose by the scores are left, with their weights', async () => {
    const pruned = await run();
    const expected = prune(model, { 'a.hidden': [2, 3], 'b.hidden': [1, 2] });
    expect(pruned.model.kept).toEqual(expected.kept);
    expect(values(pruned.weights)).toEqual(values(pruneState(model, expected, weights)));
    expect(engine.names()).toEqual([]);
  });

  test('dimensions of other roles, and those without scores, stay whole', async () => {
    const whole = transformer();
    const given = {
      model: whole,
      weights: someWeights(whole),
      data: tinyImages([[1, 2, 3, 4, 5, 6, 7, 8]], [0]),
    };
    const reports: PruningReport[] = [];
    const onStep = (report: PruningReport) => reports.push(report);
    const hidden = await run({ ...given, dims: ['hidden'], onStep });
    expect(hidden.model.kept).toEqual({ 'blocks.0.mlp.hidden': [3, 4, 5] });
    // On two tokens q, k and v, 96, their products, 32, proj, 32, and the MLP, 2 x 24; the head, 8.
    expect(reports).toMatchObject([{ macs: 96 + 32 + 32 + 48 + 8, channels: 3 / 6 }]);
    const ofA = defineCriterion({
      name: 'a',
      contract: 1,
      score: (_: object) => () => new Map([['a.hidden', [4, 3, 2, 1]]]),
    });
    expect((await run({ criterion: ofA({}) })).model.kept).toEqual({ 'a.hidden': [0, 1] });
  });
});

describe('in rounds', () => {
  test('each is scored anew, on what the one before left and training made of it', async () => {
    const { criterion, asked } = watched();
    const { allocator, asked: allocations } = halving();
    const trained: StateDict[] = [];
    const pruned = await run({
      criterion,
      allocator,
      schedule: iterative({ rounds: 2 }),
      async train(given, state) {
        given.checkState(state, 'train');
        const next = Object.fromEntries(
          Object.entries(state).map(([name, array]) => [
            name,
            { ...array, data: array.data.map((value) => 2 * value) },
          ]),
        ) as StateDict;
        trained.push(next);
        return next;
      },
    });
    expect(asked.map((context) => context.model.kept)).toEqual([
      {},
      { 'a.hidden': [1, 2, 3], 'b.hidden': [1, 2] },
    ]);
    expect(asked.map((context) => context.weights)).toEqual([weights, trained[0]]);
    expect(allocations.map(({ progress, later }) => [progress, later])).toEqual([
      [0.5, []],
      [1, []],
    ]);
    for (const given of allocations) {
      expect(given.whole).toBe(model);
      expect(given.wholeWeights).toBe(weights);
    }
    expect(pruned.model.kept).toEqual({ 'a.hidden': [2, 3], 'b.hidden': [1, 2] });
    expect(pruned.weights).toBe(trained[1]);
    // Weights are doubled twice.
    const { data: bias } = weights['head.bias']!;
    expect([...pruned.weights['head.bias']!.data]).toEqual([...bias].map((value) => 4 * value));
  });

  test('each is told, with the costs of what is left', async () => {
    const reports: PruningReport[] = [];
    await run({ schedule: iterative({ rounds: 2 }), onStep: (report) => reports.push(report) });
    expect(reports).toEqual([
      { name: 'round 1/2', step: 1, steps: 2, macs: 19, params: 26, channels: 5 / 7 },
      { name: 'round 2/2', step: 2, steps: 2, macs: 14, params: 20, channels: 4 / 7 },
    ]);
  });

  test('each has random numbers of its own, the same by the same seed', async () => {
    const drawn = async (seed: number, draws: number) => {
      const { criterion, asked } = watched();
      await run({ criterion, seed, schedule: iterative({ rounds: 2 }) });
      const [first, second] = asked.map(({ generator }) => generator);
      // What is drawn in the first round does not show in the second.
      for (let i = 0; i < draws; i++) first!.uniform();
      return [first!.uniform(), second!.uniform()];
    };
    const [one, more] = [await drawn(1, 0), await drawn(1, 1)];
    expect(one[0]).not.toBe(one[1]);
    expect(one[0]).not.toBe(more[0]);
    expect(one[1]).toBe(more[1]);
    expect(await drawn(1, 0)).toEqual(one);
    expect(await drawn(2, 0)).not.toEqual(one);
  });
});

test('block by block each step sees the scores of its block, and which come later', async () => {
  const { allocator, asked } = halving();
  const pruned = await run({ allocator, schedule: blockwise({}) });
  expect(asked.map(({ scores, later }) => [[...scores.keys()], later])).toEqual([
    [['a.hidden'], ['b.hidden']],
    [['b.hidden'], []],
  ]);
  expect(asked[1]!.model.kept).toEqual({ 'a.hidden': [2, 3] });
  expect(pruned.model.kept).toEqual({ 'a.hidden': [2, 3], 'b.hidden': [1, 2] });
});

test('accuracies are measured on the images, and of what a step starts from once', async () => {
  let read = 0;
  const counted: Dataset = {
    ...data,
    batch(indices) {
      read += indices.length;
      return data.batch(indices);
    },
  };
  const found: number[] = [];
  const asking = defineAllocator({
    name: 'asking',
    contract: 1,
    allocate: (_: object) => async (context) => {
      const measure = async (given: Model, state: StateDict) =>
        void found.push(await context.accuracy(given, state));
      await measure(context.model, context.weights);
      await measure(context.model, context.weights);
      await measure(context.whole, context.wholeWeights);
      const candidate = prune(context.model, { 'a.hidden': [0] });
      await measure(candidate, pruneState(context.model, candidate, context.weights));
      return { 'a.hidden': [0, 1] };
    },
  });
  await run({ allocator: asking({}), data: counted, schedule: iterative({ rounds: 2 }) });
  const top1 = async (kept: readonly number[]) => {
    const pruned = prune(model, { 'a.hidden': kept });
    const state = pruneState(model, pruned, weights);
    return accuracyOf(engine, { model: pruned, weights: state }, data, 2);
  };
  const [whole, one, two] = [await top1([0, 1, 2, 3]), await top1([0]), await top1([0, 1])];
  expect(found).toEqual([whole, whole, whole, one, two, two, whole, one]);
  // In the first step the whole model and a candidate, in the second its model and a candidate.
  expect(read).toBe(4 * data.length);
});

test('images that do not fit the model are refused', async () => {
  await expect(run({ data: tinyImages([[1, 2]], [0]) })).rejects.toMatchObject({
    code: 'DATASET_SHAPE',
    where: 'calibration images',
  });
  await expect(run({ dims: ['qk'] })).rejects.toMatchObject({ code: 'DIM_ROLES' });
});
