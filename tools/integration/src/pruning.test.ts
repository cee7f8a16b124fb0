import {
  type Allocator,
  allowedDrop,
  blocksOf,
  blockwise,
  budget,
  type Dim,
  type Engine,
  Generator,
  globalThreshold,
  iterative,
  type Model,
  oneShot,
  type PruningReport,
  type PruningSchedule,
  prunableDims,
  prune,
  pruneTrained,
  type Scores,
  type StateDict,
  selectCounts,
  topChannels,
  uniform,
} from '@kcr/core';
import { random } from '@kcr/criteria';
import { measureLatency } from '@kcr/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engines, largeWeights, smallModels, syntheticData } from './helpers.ts';

/** Every allocator. Tests over allocators run over this table. */
const allocators: Readonly<Record<string, Allocator>> = {
  uniform: uniform({ keepRatio: 0.6 }),
  'global threshold': globalThreshold({ keepRatio: 0.6 }),
  'budget of MACs': budget({ share: 0.9 }),
  'budget of parameters': budget({ share: 0.9, cost: 'params' }),
  // Latency grows with the weights' number where nothing else does; the times of so small models are noise.
  'budget of something measured': budget({
    share: 0.9,
    cost: (_, weights) => Object.values(weights).reduce((sum, { data }) => sum + data.length, 0),
  }),
  'allowed drop': allowedDrop({ points: 20 }),
};

/** Every schedule. Tests over schedules run over this table. */
const schedules: Readonly<Record<string, PruningSchedule>> = {
  'one-shot': oneShot({}),
  iterative: iterative({ rounds: 2 }),
  blockwise: blockwise({}),
  'blockwise, top-down': blockwise({ order: 'top-down' }),
};

let onnx: Engine;
/** Compiles nothing: for searches that evaluate many pruned models, each a few times. */
let eager: Engine;
beforeAll(async () => {
  onnx = await engines.onnx!();
  eager = await engines.eager!();
});
afterAll(async () => {
  await onnx.dispose();
  await eager.dispose();
});

/** Prunes and checks what any way to prune must hold. */
async function check(
  model: Model,
  method: Pick<Parameters<typeof pruneTrained>[0], 'criterion' | 'allocator' | 'schedule'>,
  engine = onnx,
) {
  const reports: PruningReport[] = [];
  const data = syntheticData(model, 8);
  const pruned = await pruneTrained({
    model,
    weights: largeWeights(model),
    engine,
    data,
    batchSize: 8,
    seed: 1,
    ...method,
    onStep: (report) => reports.push(report),
  });
  expect(engine.names()).toEqual([]);
  expect(reports.at(-1)!.step).toBe(reports.at(-1)!.steps);
  expect(reports.at(-1)!.macs).toBe(pruned.model.macs.total);
  pruned.model.checkState(pruned.weights, 'test');
  expect(pruned.model.macs.total).toBeLessThanOrEqual(model.macs.total);
  return pruned;
}

describe.each(Object.entries(schedules))('%s', (_, schedule) => {
  test.each(Object.entries(allocators))('any scores, allocator: %s', async (name, allocator) => {
    const model = smallModels.swin!();
    const method = { criterion: random({}), allocator, schedule };
    const pruned = await check(model, method, eager);
    const { parameterCount: params, macs } = pruned.model;
    if (name === 'budget of MACs') expect(macs.total).toBeLessThanOrEqual(0.9 * model.macs.total);
    if (name === 'budget of parameters')
      expect(params).toBeLessThanOrEqual(0.9 * model.parameterCount);
    if (name !== 'allowed drop') expect(macs.total).toBeLessThan(model.macs.total);
  });
});

describe.each(Object.entries(smallModels))('%s', (_, makeModel) => {
  test('blocks have every prunable dimension once, transformer blocks in order', () => {
    const model = makeModel();
    const blocks = blocksOf(model);
    const names = blocks.flatMap(({ dims }) => dims.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set(prunableDims(model).map(({ name }) => name)));
    expect(new Set(names).size).toBe(names.length);
    const places = blocks.flatMap(({ transformer }) => transformer ?? []);
    expect(places).toEqual(places.map((_place, i) => i));
    expect(places.length).toBeGreaterThan(0);
    expect(() => blocksOf(model, ['nothing'])).toThrow(
      expect.objectContaining({ code: 'DIM_ROLES' }),
    );
  });
});

describe('heads', () => {
  const generator = new Generator(2);
  const headed = (model: Model): Dim[] =>
    prunableDims(model).filter(({ groupSet }) => groupSet === 'blocks.0.attn.heads');
  const draw = (model: Model): Scores =>
    new Map(headed(model).map((dim) => [dim.name, generator.array(dim.size, 'uniform')]));

  /** The best sum over all subsets of heads, one by one. */
  function best(dims: readonly Dim[], scores: Scores, counts: readonly number[]): number {
    const { groups } = dims[0]!;
    let most = Number.NEGATIVE_INFINITY;
    for (let subset = 1; subset < 2 ** groups; subset++) {
      const heads = Array.from({ length: groups }, (_, h) => h).filter((h) => (subset >> h) & 1);
      const sums = dims.map((dim, i) => {
        const width = dim.size / groups;
        const perHead = Math.max(Math.round(counts[i]! / heads.length), 1);
        if (perHead > width) return Number.NEGATIVE_INFINITY;
        return heads.reduce((sum, head) => {
          const own = Array.from(scores.get(dim.name)!).slice(head * width, (head + 1) * width);
          const kept = own.sort((a, b) => b - a).slice(0, perHead);
          return sum + kept.reduce((a, b) => a + b);
        }, 0);
      });
      most = Math.max(
        most,
        sums.reduce((a, b) => a + b),
      );
    }
    return most;
  }

  test('the best subset of heads is found, with equal counts in each', () => {
    for (let run = 0; run < 50; run++) {
      const model = smallModels.vit!();
      const dims = headed(model);
      expect(dims.map(({ role }) => role)).toEqual(['qk', 'v']);
      const scores = draw(model);
      const counts = dims.map((dim) => 1 + generator.integer(dim.size));
      const kept = selectCounts(model, scores, (dim) => counts[dims.indexOf(dim)]!);
      const sum = dims.reduce(
        (total, { name }) => total + kept[name]!.reduce((s, i) => s + scores.get(name)![i]!, 0),
        0,
      );
      expect(sum).toBeCloseTo(best(dims, scores, counts), 6);
      expect(prune(model, kept).dims.get(dims[0]!.name)!.groups).toBeGreaterThan(0);
    }
  });

  test('a head that is worth nothing vanishes from q, k and v', () => {
    const model = smallModels.vit!();
    const dims = headed(model);
    const scores = new Map(
      dims.map((dim) => [dim.name, Array.from({ length: dim.size }, (_, i) => (i < 4 ? 0 : 1))]),
    );
    const kept = selectCounts(model, scores, (dim) => (2 / 3) * dim.size);
    for (const { name } of dims) expect(kept[name]).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });

  test('a dimension that is scored alone keeps all heads', () => {
    const model = smallModels.vit!();
    const [, v] = headed(model) as [Dim, Dim];
    const values = Array.from({ length: v.size }, (_, i) => i);
    const kept = selectCounts(model, new Map([[v.name, values]]), () => 6);
    expect(kept).toEqual({ [v.name]: topChannels(v, values, 6) });
    expect(kept[v.name]).toEqual([2, 3, 6, 7, 10, 11]);
  });
});

test('shares are of the model that came, which may be pruned already', async () => {
  const model = smallModels.vit!();
  const half = await check(model, {
    criterion: random({}),
    allocator: uniform({ keepRatio: 0.5 }),
  });
  const quarter = await check(half.model, {
    criterion: random({}),
    allocator: uniform({ keepRatio: 0.5 }),
    schedule: iterative({ rounds: 2 }),
  });
  const hidden = (from: Model) => from.dims.get('blocks.0.mlp.hidden')!.size;
  expect(hidden(half.model)).toBe(hidden(model) / 2);
  expect(hidden(quarter.model)).toBe(hidden(model) / 4);
});

test('an allowed drop is kept, and a drop of 100 points leaves the fewest channels', async () => {
  const model = smallModels.vit!();
  const fewest = await check(model, {
    criterion: random({}),
    allocator: allowedDrop({ points: 100 }),
  });
  const least = prune(
    model,
    selectCounts(
      model,
      new Map(prunableDims(model).map((dim) => [dim.name, new Float64Array(dim.size)])),
      () => 0,
    ),
  );
  expect(fewest.model.macs.total).toBe(least.macs.total);
});

test('latency is a cost like any other', async () => {
  const model = smallModels.vit!();
  const measured: number[] = [];
  const cost = async (pruned: Model, weights: StateDict) => {
    measured.push(await measureLatency(pruned, weights, { runs: 1 }));
    return pruned.macs.total;
  };
  const allocator = budget({ share: 0.8, cost });
  const pruned = await check(model, { criterion: random({}), allocator });
  expect(pruned.model.macs.total).toBeLessThanOrEqual(0.8 * model.macs.total);
  expect(measured.length).toBeGreaterThan(2);
  expect(measured.every((ms) => ms > 0)).toBe(true);
});

test.each([
  ['uniform', () => uniform({ keepRatio: 0 })],
  ['global', () => globalThreshold({ keepRatio: 1.5 })],
  ['budget', () => budget({ share: Number.NaN })],
  ['budget', () => budget({ share: 0.5, cost: 'energy' as 'macs' })],
  ['drop', () => allowedDrop({ points: -1 })],
  ['iterative', () => iterative({ rounds: 0 })],
])('wrong options of %s are refused', (_, make) => {
  expect(make).toThrow(expect.objectContaining({ code: 'OPTION' }));
});
