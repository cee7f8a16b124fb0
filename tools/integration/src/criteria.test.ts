import {
  axisChannels,
  type Criterion,
  compileInference,
  crossEntropy,
  evaluate,
  Generator,
  type GradientContext,
  type MeanGradientsOptions,
  type Model,
  meanGradients,
  type Scores,
  type StateDict,
  sizeOf,
} from '@kcr/core';
import { magnitude, taylor } from '@kcr/criteria';
import { lfs } from '@kcr/lfc';
import { describe, expect, test } from 'vitest';
import { engines, largeWeights, smallModels, syntheticData } from './helpers.ts';

async function scores(criterion: Criterion, model: Model, weights: StateDict, engineName = 'onnx') {
  const engine = await engines[engineName]!();
  const data = syntheticData(model, 6);
  const generator = new Generator(5);
  const found = await criterion.score({ model, weights, engine, data, batchSize: 4, generator });
  expect(engine.names()).toEqual([]);
  await engine.dispose();
  return found;
}

/** The weights with all that carry a channel, or what sees it, multiplied by `factor`, once for each axis that carries it. */
function scaled(model: Model, weights: StateDict, dim: string, channel: number, factor: number) {
  const result: StateDict = { ...weights };
  for (const { name, shape, axes, trainable } of model.params) {
    if (!trainable) continue;
    axes.forEach((axis, at) => {
      const places = axisChannels(axis).map(
        (p) => p?.channel === channel && (p.dim.name === dim || p.dim.of?.name === dim),
      );
      if (!places.includes(true)) return;
      const after = sizeOf(shape.slice(at + 1));
      const data = Float32Array.from(result[name]!.data, (x, i) =>
        places[Math.floor(i / after) % shape[at]!] ? factor * x : x,
      );
      result[name] = { dtype: 'float32', shape, data };
    });
  }
  return result;
}

/** The slope of a function at 0, by a step within which it has no kink (rectifiers, maxima): both sides agree. */
async function slope(of: (x: number) => Promise<number>): Promise<number> {
  const middle = await of(0);
  let found = 0;
  for (const h of [1e-3, 3e-4, 1e-4]) {
    const [up, down] = [await of(h), await of(-h)];
    found = (up - down) / (2 * h);
    if (Math.abs(up - 2 * middle + down) < 0.03 * Math.abs(up - down) + 1e-7) break;
  }
  return found;
}

describe.each(Object.entries(smallModels))('%s', (_, makeModel) => {
  test('a channel without weights has no magnitude', async () => {
    const model = makeModel();
    const names = (await scores(magnitude({}), model, largeWeights(model))).keys();
    for (const name of names) {
      const weights = scaled(model, largeWeights(model), name, 1, 0);
      const values = (await scores(magnitude({}), model, weights)).get(name)!;
      expect(values[1]).toBe(0);
      expect(values[0]).toBeGreaterThan(0);
    }
  });

  test("Taylor's score is the square of the loss's slope as all weights of a channel shrink", async () => {
    const model = makeModel();
    const weights = largeWeights(model);
    const found = await scores(taylor({}), model, weights);
    const engine = await engines.onnx!();
    const inference = compileInference(engine, model);
    const data = syntheticData(model, 6);
    const lossAt = async (dim: string, channel: number, factor: number) => {
      engine.set(scaled(model, weights, dim, channel, factor));
      return (await evaluate(inference, data, 6)).loss;
    };
    const [expected, actual]: [number[], number[]] = [[], []];
    for (const name of found.keys()) {
      expected.push(await slope((x) => lossAt(name, 0, 1 + x)));
      actual.push(Math.sqrt(found.get(name)![0]!));
    }
    const largest = Math.max(...expected.map(Math.abs));
    expect(largest).toBeGreaterThan(0.005);
    expected.forEach((slope, i) =>
      expect(Math.abs(Math.abs(slope) - actual[i]!)).toBeLessThan(0.02 * largest),
    );
    await engine.dispose();
  });
});

test('the slope of a gate on hidden channels is that of the weights that read them', async () => {
  const model = smallModels.vit!();
  const given = {
    model,
    weights: largeWeights(model),
    data: syntheticData(model, 6),
    batchSize: 4,
    losses: {
      loss: ({ images, targets, apply }: GradientContext) =>
        crossEntropy(apply(images).logits, targets),
    },
  };
  const engine = await engines.onnx!();
  const gates = (await meanGradients({ ...given, engine, by: 'channels' })).loss;
  const { loss } = await meanGradients({ ...given, engine });
  expect(engine.names()).toEqual([]);
  await engine.dispose();
  const name = 'blocks.0.mlp.fc2.weight';
  const [out, hidden] = given.weights[name]!.shape as [number, number];
  for (let j = 0; j < hidden; j++) {
    let slope = 0;
    for (let i = 0; i < out; i++)
      slope += given.weights[name]!.data[i * hidden + j]! * loss[name]![i * hidden + j]!;
    expect(gates['blocks.0.mlp.hidden']![j]).toBeCloseTo(slope, 5);
  }
});

test('losses that take turns are means over their own images', async () => {
  const model = smallModels.vit!();
  const given = { model, weights: largeWeights(model), batchSize: 2 };
  const loss = ({ images, targets, apply }: GradientContext) =>
    crossEntropy(apply(images).logits, targets);
  const data = syntheticData(model, 6);
  const run = async (more: Pick<MeanGradientsOptions, 'indices' | 'takeTurns'>) => {
    const engine = await engines.onnx!();
    const found = await meanGradients({
      ...given,
      ...more,
      engine,
      data,
      losses: { a: loss, b: loss },
    });
    await engine.dispose();
    return found;
  };
  const turns = await run({ takeTurns: true });
  const own = {
    a: (await run({ indices: Int32Array.of(0, 1, 4, 5) })).a,
    b: (await run({ indices: Int32Array.of(2, 3) })).b,
  };
  for (const name of ['a', 'b'] as const)
    for (const [weight, values] of Object.entries(own[name]))
      values.forEach((x, i) => expect(turns[name][weight]![i]).toBeCloseTo(x, 5));
});

test('LFS: without filtering features do not differ, and the cross-entropy is that of Taylor', async () => {
  const model = smallModels.vit!();
  const weights = largeWeights(model);
  const apart = await scores(lfs({ lambda: 0, sigma: 1e4 }), model, weights);
  const filtered = await scores(lfs({ lambda: 0, sigma: 0.5 }), model, weights);
  const most = (found: Scores) => Math.max(...[...found.values()].flatMap((x) => Array.from(x)));
  expect(most(apart)).toBeLessThan(1e-6 * most(filtered));
  const task = await scores(lfs({ lambda: 1, sigma: 1e4 }), model, weights);
  const code = await scores(lfs({ lambda: 1, sigma: 1e4, form: 'code' }), model, weights);
  const whole = await scores(taylor({ form: 'sumOfSquares' }), model, weights);
  for (const [name, values] of task)
    Array.from(values).forEach((x, i) => {
      expect(Math.abs(x - code.get(name)![i]!)).toBeLessThanOrEqual(1e-3 * x);
      // Taylor's sum also has the weights that read the channel, and biases.
      expect(x).toBeLessThanOrEqual(1.001 * whole.get(name)![i]!);
    });
});
