import {
  compileInference,
  type Engine,
  float32,
  Generator,
  type Model,
  prune,
  type StateDict,
  tf,
} from '@kcr/core';
import { attentionEntropy, attentionMaps, gradCam, histogram } from '@kcr/explain';
import { describe, expect, test } from 'vitest';
import {
  engines,
  masked,
  maskedModels,
  maxDifference,
  noise,
  pairs,
  smallEfficientVit,
  smallModels,
  syntheticData,
} from './helpers.ts';

const images = (model: Model) => noise([2, ...model.inputShape], 5);

/** Weights with which tokens differ, and attention has a say beside the stream that it is added to. */
const weightsOf = (model: Model): StateDict => {
  const weights = model.initialize(new Generator(3));
  for (const { shape, data } of Object.values(weights))
    if (shape.length === 2)
      data.set(noise(shape, data.length).data.map((x) => x / shape[1]! ** 0.5));
  return weights;
};

const lastTap = (model: Model, role: string) =>
  model.taps.filter((tap) => tap.role === role && tap.layout).at(-1)!;

/** A step that adds its input `add` to each token's values at a tap: the logits, and the values before. */
const compileShift = (engine: Engine, model: Model, name: string) =>
  engine.compile('shift', ({ inputs, state }) => {
    const outputs: Record<string, tf.Tensor> = {};
    const { logits } = model.apply(inputs.image!, {
      state,
      tap: (value, info) => {
        if (info.name !== name) return value;
        outputs.values = value;
        return tf.add(value, inputs.add!);
      },
    });
    return { outputs: { ...outputs, logits } };
  });

/** EfficientViT with 4 x 4 tokens: where there are fewer, ReLUs' kinks lie within the differences below. */
const models = {
  ...smallModels,
  ...maskedModels,
  efficientvit: smallEfficientVit(64),
  'efficientvit with a q/k mask': masked(smallEfficientVit(64)),
};
/** Shares of the values' size: small beside it, since norms divide by it, and large beside its rounding. */
const STEPS = [1e-3, 3e-4, 1e-4];

describe.each(pairs(models, engines))('%s on %s', (_model, _engine, makeModel, makeEngine) => {
  test('Grad-CAM is what differences of the logit say', async () => {
    const model = makeModel();
    const engine = await makeEngine();
    engine.set(weightsOf(model));
    const { name, layout, dim } = lastTap(model, 'in');
    const maps = await gradCam(engine, model, images(model), { classes: Int32Array.of(1, 2) });
    const [positions, width] = [layout!.positions, dim!.size];
    const shift = compileShift(engine, model, name);
    const shifted = (by: number, channel: number) => {
      const add = float32(
        [width],
        Array.from({ length: width }, (_, j) => (j === channel ? by : 0)),
      );
      return shift({ image: images(model), add });
    };
    const { values, logits: unmoved } = await shifted(0, 0);
    const spread = Math.sqrt(
      Array.from(values!.data).reduce((sum, x) => sum + x * x, 0) / values!.data.length,
    );
    const logitsOf = ({ logits }: Awaited<ReturnType<typeof shifted>>) =>
      [1, 2].map((label, i) => logits!.data[i * model.classes + label]!);
    const middle = logitsOf({ logits: unmoved! });
    /** Slopes of the two logits along a channel, by a step within which no mask switches: it would be a jump. */
    const slopes = async (channel: number) => {
      const steps = STEPS.map((step) => step * spread);
      let found: number[] = [];
      for (const step of steps) {
        const up = logitsOf(await shifted(step, channel));
        const down = logitsOf(await shifted(-step, channel));
        found = up.map((x, i) => (x - down[i]!) / (2 * step));
        const bend = up.map((x, i) => Math.abs(x - 2 * middle[i]! + down[i]!));
        if (bend.every((x) => x < 1e-2 * spread)) break;
      }
      return found;
    };
    const expected = [1, 2].map(() => new Float64Array(layout!.height * layout!.width));
    for (let k = 0; k < width; k++) {
      const slope = await slopes(k);
      expected.forEach((map, i) => {
        positions.forEach((position, token) => {
          if (position < 0) return;
          const value = values!.data[(i * positions.length + token) * width + k]!;
          map[position]! += slope[i]! * value;
        });
      });
    }
    expected.forEach((map, i) => {
      const most = Math.max(...map);
      const own = maps.data.slice(i * map.length, (i + 1) * map.length);
      expect(Math.max(...own)).toBeCloseTo(most > 0 ? 1 : 0, 5);
      if (most > 0) own.forEach((x, at) => expect(x).toBeCloseTo(Math.max(map[at]! / most, 0), 2));
    });
    const predicted = await gradCam(engine, model, images(model));
    const { logits } = await compileInference(engine, model)({ image: images(model) });
    const best = [0, 1].map((i) => {
      const row = Array.from(logits!.data).slice(i * model.classes, (i + 1) * model.classes);
      return row.indexOf(Math.max(...row));
    });
    const named = await gradCam(engine, model, images(model), { classes: Int32Array.from(best) });
    expect(maxDifference(predicted, named)).toBe(0);
    await engine.dispose();
  });
});

const withAttention = Object.entries(smallModels).filter(([name]) => name !== 'efficientvit');

describe.each(withAttention)('%s', (_, makeModel) => {
  test('a row of attention weights is spread over the map; each engine and head has its own', async () => {
    const model = makeModel();
    const results = [];
    for (const makeEngine of Object.values(engines)) {
      const engine = await makeEngine();
      engine.set(weightsOf(model));
      results.push(await attentionMaps(engine, model, images(model), { query: { y: 0, x: 0 } }));
      await engine.dispose();
    }
    const [maps] = results;
    const [n, heads, height, width] = maps!.shape as [number, number, number, number];
    const layout = lastTap(model, 'weights').layout!;
    expect([n, height, width]).toEqual([2, layout.height, layout.width]);
    expect(maxDifference(maps!, results[1]!)).toBeLessThan(1e-5);
    const whole = layout.positions.every((position) => position >= 0);
    for (let row = 0; row < n * heads; row++) {
      const sum = Array.from(maps!.data)
        .slice(row * height * width, (row + 1) * height * width)
        .reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThan(1 + 1e-5);
      // Without a class token and padded windows, all of it is on the map.
      if (whole) expect(sum).toBeCloseTo(1, 5);
    }
  });

  test('entropies are those of the rows, at most that of an even one', async () => {
    const model = makeModel();
    const engine = await engines.onnx!();
    const data = syntheticData(model, 5);
    const even = weightsOf(model);
    for (const [name, array] of Object.entries(even))
      if (/qkv|relative_position_bias_table/.test(name)) array.data.fill(0);
    for (const [weights, isEven] of [
      [weightsOf(model), false],
      [even, true],
    ] as const) {
      engine.set(weights);
      const found = await attentionEntropy(engine, model, data, { batchSize: 2 });
      const taps = model.taps.filter((tap) => tap.role === 'weights');
      expect([...found.keys()]).toEqual(taps.map((tap) => tap.name));
      for (const [name, { tokens, heads }] of found)
        for (const rows of heads) {
          const { positions } = taps.find((tap) => tap.name === name)!.layout!;
          expect(rows).toHaveLength(5 * positions.length);
          expect(positions.length % tokens).toBe(0);
          const most = Math.log(tokens);
          for (const entropy of rows) expect(entropy).toBeGreaterThan(-1e-6);
          for (const entropy of rows) expect(entropy).toBeLessThan(most + 1e-5);
          if (isEven) expect(Math.exp(Math.max(...rows)) % 1).toBeCloseTo(0, 3);
        }
    }
    await engine.dispose();
  });
});

test('linear attention has no weights to show, and says so', async () => {
  const model = smallModels.efficientvit!();
  const engine = await engines.onnx!();
  engine.set(weightsOf(model));
  await expect(attentionMaps(engine, model, images(model))).rejects.toThrow(
    expect.objectContaining({ code: 'TAP_UNKNOWN' }),
  );
  await engine.dispose();
});

test('a pruned model is explained like a whole one', async () => {
  const whole = smallModels.vit!();
  const model = prune(whole, { 'blocks.1.attn.qk': [0, 1, 2, 3], 'blocks.1.attn.v': [0, 1, 2, 3] });
  const engine = await engines.onnx!();
  engine.set(weightsOf(model));
  expect((await attentionMaps(engine, model, images(model))).shape).toEqual([2, 1, 2, 2]);
  expect((await gradCam(engine, model, images(model))).shape).toEqual([2, 2, 2]);
  await engine.dispose();
});

test('a histogram has the shares of equal bins', () => {
  const bins = histogram([0, 0.4, 0.6, 1, 2], 2, 2);
  expect(bins).toEqual([
    { upTo: 1, share: 3 / 5 },
    { upTo: 2, share: 2 / 5 },
  ]);
});
