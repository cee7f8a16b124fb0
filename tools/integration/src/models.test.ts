import { createModel } from '@kcr/backbones';
import {
  type Dim,
  fit,
  Generator,
  type Model,
  prune,
  pruneState,
  type Scores,
  selectAbove,
  selectCounts,
  selectWithin,
  softMacs,
  tf,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { engines, maskedModels, smallModels, syntheticData } from './helpers.ts';

/** Scores of dimensions, at random. */
function randomScores(dims: readonly Dim[]): Scores {
  const generator = new Generator(17);
  return new Map(
    dims.map((dim) => [dim.name, Array.from({ length: dim.size }, () => generator.uniform())]),
  );
}

const prunable = (model: Model) => [...model.dims.values()].filter((dim) => dim.prunable);

/** Channels of every prunable dimension at random; heads stay aligned by keeping all of them. */
const randomSelection = (model: Model, ratio: number) =>
  selectCounts(model, randomScores(prunable(model)), (dim) => ratio * dim.size);

const models = { ...smallModels, ...maskedModels };

describe.each(Object.entries(models))('%s', (_, makeModel) => {
  test('resumes after a kill with the same weights, bit for bit', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const model = makeModel();
    const options = {
      model,
      train: syntheticData(model, 24),
      epochs: 3,
      batchSize: 8,
      seed: 5,
      optimizer: { lr: 1e-2 },
      emaDecay: 0.9,
      clipGrad: 1,
      labelSmoothing: 0.1,
    };
    const directory = await mkdtemp(`${tmpdir()}/kcr-resume-`);
    const through = await fit({ ...options, engine: await engines.onnx!() });
    const kill = new Error('killed');
    const killed = fit({
      ...options,
      engine: await engines.onnx!(),
      directory,
      onStep: ({ epoch, step }) => {
        if (epoch === 2 && step === 1) throw kill;
      },
    });
    await expect(killed).rejects.toBe(kill);
    const resumed = await fit({ ...options, engine: await engines.onnx!(), directory });
    for (const [name, array] of Object.entries(through.weights))
      expect(
        Buffer.from(resumed.weights[name]!.data.buffer).equals(Buffer.from(array.data.buffer)),
        name,
      ).toBe(true);
    expect(resumed.history.map((r) => r.loss)).toEqual(through.history.map((r) => r.loss));
    const other = fit({ ...options, seed: 6, engine: await engines.onnx!(), directory });
    await expect(other).rejects.toThrow(expect.objectContaining({ code: 'RESUME_MISMATCH' }));
    await rm(directory, { recursive: true });
  });
});

describe.each(Object.entries(models))('%s', (_, makeModel) => {
  test('the soft cost at the sizes of a pruned model is the sum of its MACs', () => {
    const model = makeModel();
    const half = prune(model, randomSelection(model, 0.5));
    const sizes = (from: Model) =>
      new Map([...from.dims.values()].map((dim) => [dim.name, tf.scalar(dim.size)] as const));
    expect(softMacs(model.costs, sizes(half)).dataSync()[0]).toBeCloseTo(half.macs.total, 0);
  });

  test('a selection within a budget costs no more than it, and one channel more would', async () => {
    const model = makeModel();
    // A view's channel may cost nothing, where the dimension it looks at has dropped it.
    const single = prunable(model).filter((dim) => dim.groups === 1 && !dim.of?.prunable);
    const scores = randomScores(single);
    const macs = (kept: Record<string, readonly number[]>) => prune(model, kept).macs.total;
    const least = macs(selectAbove(model, scores, 1));
    const budget = (least + model.macs.total) / 2;
    const within = (limit: number) =>
      selectWithin(model, scores, (pruned) => pruned.macs.total, limit);
    const kept = await within(budget);
    expect(macs(kept)).toBeLessThanOrEqual(budget);
    const dropped = single.flatMap((dim) =>
      Array.from(scores.get(dim.name)!).flatMap((score, i) =>
        kept[dim.name]!.includes(i) ? [] : [{ dim, i, score }],
      ),
    );
    const next = dropped.reduce((best, other) => (other.score > best.score ? other : best));
    const more = { ...kept, [next.dim.name]: [...kept[next.dim.name]!, next.i] };
    expect(macs(more)).toBeGreaterThan(budget);
    await expect(within(1)).rejects.toMatchObject({ code: 'BUDGET' });
  });

  test('pruning twice is pruning once', () => {
    const model = makeModel();
    const weights = model.initialize(new Generator(3));
    const { name } = prunable(model).find((dim) => dim.groups === 1 && dim.size >= 8)!;
    const once = prune(model, { [name]: [1, 4, 7] });
    const middle = prune(model, { [name]: [0, 1, 4, 6, 7] });
    const twice = prune(middle, { [name]: [1, 2, 4] });
    expect(twice.kept).toEqual(once.kept);
    const stepwise = pruneState(middle, twice, pruneState(model, middle, weights));
    expect(stepwise).toEqual(pruneState(model, once, weights));
  });
});

test('a selection that cannot be is refused, with its reason', () => {
  const model = createModel('deit_tiny_patch16_224');
  const refused = (selection: Record<string, number[]>, code: string) =>
    expect(() => prune(model, selection)).toThrow(expect.objectContaining({ code }));
  refused({ 'blocks.0.mlp.nothing': [0] }, 'SELECTION_DIM');
  refused({ embed: [0] }, 'SELECTION_PRUNABLE');
  refused({ 'blocks.0.mlp.io': [] }, 'SELECTION_MIN');
  refused({ 'blocks.0.mlp.io': [192] }, 'DIM_INDEX');
  refused({ 'blocks.0.attn.qk': [0, 1, 64] }, 'DIM_GROUPS');
  refused({ 'blocks.0.attn.qk': [0, 64] }, 'SELECTION_HEADS');
});
