import {
  type Adapter,
  adamw,
  adapt,
  type Criterion,
  type CriterionContext,
  constant,
  createEagerEngine,
  crossEntropy,
  definePlugin,
  type Engine,
  float32,
  Generator,
  meanGradients,
  type NdArray,
  oneHot,
  type PluginRun,
  Trainer,
  tf,
  valueAndGradients,
} from '@kcr/core';
import {
  attachGates,
  evit,
  magnitude,
  outputChange,
  s2vite,
  slimPatches,
  taylor,
  tome,
} from '@kcr/criteria';
import { lfe, lfs, lowFrequencyEnergy, lowPass, receivedAttention } from '@kcr/lfc';
import { createOnnxEngine } from '@kcr/onnx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cases, data, errorsOf, images, model, relativeError, weights } from './method-cases.ts';

const LIMIT = 1e-5;

const engines: Readonly<Record<string, () => Engine | Promise<Engine>>> = {
  onnx: () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'cpu' }),
};

describe.each(Object.entries(engines))('on %s, as the formulas give it', (_, makeEngine) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await makeEngine();
  });
  afterAll(() => engine.dispose());

  /** The logits of the images, with adapters. */
  async function run(adapters: readonly Adapter[] = []) {
    const adapted = adapt(model, adapters);
    engine.set(weights);
    const step = engine.compile('run', ({ inputs, state }) => ({
      outputs: { logits: adapted.apply(inputs.image!, { state }).logits },
    }));
    const { logits } = await step({ image: images });
    await step.dispose();
    return logits!.data;
  }

  test('logits', async () => {
    expect(relativeError(await run(), cases.logits)).toBeLessThan(LIMIT);
  });

  const context = (): CriterionContext => ({
    model,
    weights,
    engine,
    data,
    batchSize: 3,
    generator: new Generator(0),
  });

  test.each<[string, Criterion, Readonly<Record<string, readonly number[]>>]>([
    ['lfs', lfs({ sigma: cases.lfs.sigma, lambda: cases.lfs.lambda }), cases.lfs.paper],
    ["lfs, the code's form", lfs({ ...cases.lfs, form: 'code' }), cases.lfs.code],
    ['taylor', taylor({}), cases.taylor.squareOfSum],
    ['taylor, sum of squares', taylor({ form: 'sumOfSquares' }), cases.taylor.sumOfSquares],
    ['magnitude, L1', magnitude({ norm: 1 }), cases.magnitude[1]],
    ['magnitude, L2', magnitude({}), cases.magnitude[2]],
    ['s2vite, neurons', s2vite({}), cases.s2vite.neurons],
  ])('%s', async (_name, criterion, expected) => {
    const errors = errorsOf(await criterion.score(context()), expected);
    for (const error of Object.values(errors)) expect(error).toBeLessThan(LIMIT);
  });

  test("s2vite: a head's score is that of its channels of q, k and v", async () => {
    const scores = await s2vite({}).score(context());
    const width = cases.config.embed_dim / cases.config.num_heads;
    const heads: Readonly<Record<string, readonly number[]>> = cases.s2vite.heads;
    for (const [attention, values] of Object.entries(heads)) {
      const expected = values.flatMap((value) => Array<number>(width).fill(value));
      for (const role of ['qk', 'v'])
        expect(relativeError(scores.get(`${attention}.${role}`)!, expected)).toBeLessThan(LIMIT);
    }
  });

  test('ntk-sap', async () => {
    const { noise, xi, perturbation, scores } = cases.ntkSap;
    const directions: Readonly<Record<string, readonly number[]>> = xi;
    const { change } = await meanGradients({
      ...context(),
      batchSize: data.length,
      by: 'channels',
      losses: {
        change: ({ apply }) =>
          outputChange({ apply }, constant(float32(images.shape, noise)), {
            xi: (name, { shape }) => constant(float32(shape, directions[name]!)),
            perturbation,
          }),
      },
    });
    const found = new Map(Object.entries(change).map(([name, x]) => [name, x.map(Math.abs)]));
    for (const error of Object.values(errorsOf(found, scores))) expect(error).toBeLessThan(LIMIT);
  });

  test('slim: loss, gradients and signed scores', async () => {
    const { loss, gradients, attention } = cases.slim;
    const { found, scores } = await slimLoss(engine);
    expect(relativeError(found.loss!.data, [loss])).toBeLessThan(LIMIT);
    for (const i of [0, 1]) {
      const at = `blocks.${i}`;
      expect(relativeError(found[`${at}.attn.qk`]!.data, gradients.attention[i]!)).toBeLessThan(
        LIMIT,
      );
      expect(relativeError(found[`${at}.mlp.hidden`]!.data, gradients.hidden[i]!)).toBeLessThan(
        LIMIT,
      );
      expect(
        relativeError(found[`patches.${at}.attn.in`]!.data, gradients.patches[i]!),
      ).toBeLessThan(LIMIT);
      for (const role of ['qk', 'v'])
        expect(relativeError(scores.get(`${at}.attn.${role}`)!, attention[i]!)).toBeLessThan(LIMIT);
    }
    expect(Math.min(...attention.flat())).toBeLessThan(0);
  });

  test('the low-pass filter of images', async () => {
    const step = engine.compile('low-pass', ({ inputs }) => ({
      outputs: { y: lowPass(inputs.image!, cases.lfs.sigma) },
    }));
    const { y } = await step({ image: images });
    await step.dispose();
    const expected = cases.lfs.filtered;
    const first = expected.map((_value, i) => y!.data[i * images.shape[3]!]!);
    expect(relativeError(first, expected)).toBeLessThan(LIMIT);
  });

  test.each(['paper', 'code'] as const)('lfe, %s', async (form) => {
    const { sigma, keep } = cases.lfe;
    const expected = cases.lfe[form];
    const parts = await lfeParts(engine, form, sigma);
    for (const part of ['energy', 'attention', 'scores'] as const)
      expect(relativeError(parts[part], expected[part])).toBeLessThan(LIMIT);
    const logits = await run([lfe({ counts: [keep], sigma, form })]);
    expect(relativeError(logits, expected.logits)).toBeLessThan(LIMIT);
  });

  test('evit', async () => {
    const logits = await run([evit({ counts: [cases.evit.keep] })]);
    expect(relativeError(logits, cases.evit.logits)).toBeLessThan(LIMIT);
  });

  test('tome', async () => {
    const logits = await run([tome({ r: cases.tome.r })]);
    expect(relativeError(logits, cases.tome.logits)).toBeLessThan(LIMIT);
  });
});

/** What an engine holds of a plugin's parameter. */
const stateOf = (engine: Engine, parameter: string): string =>
  engine.names().find((name) => name.endsWith(`/${parameter}`) || name.endsWith(`.${parameter}`))!;

/** The loss with ViT-Slim's gates at the values of the case, and its gradients by the gates. */
async function slimLoss(engine: Engine) {
  const { l1, attention, hidden, patches } = cases.slim;
  const given: [string, readonly number[]][] = [0, 1].flatMap((i): [string, number[]][] => [
    [`blocks.${i}.attn.qk`, attention[i]!],
    [`blocks.${i}.mlp.hidden`, hidden[i]!],
    [`patches.blocks.${i}.attn.in`, patches[i]!],
  ]);
  let run: PluginRun | undefined;
  const probe = definePlugin({
    name: 'probe',
    contract: 1,
    attach: () => (found) => {
      run = found;
      return {};
    },
  });
  new Trainer({
    model,
    engine,
    plugins: [probe({})],
    run: { stage: 'search', epochs: 1, samples: data.length, travel: 10, warn: () => {} },
    generator: new Generator(0),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  const gates = attachGates(run!, {
    dims: ['qk', 'v', 'hidden'],
    l1: { qk: l1[0]!, hidden: l1[1]! },
    patches: l1[2]!,
  });
  engine.set(weights);
  const names = given.map(([name]) => stateOf(engine, name));
  const before = await engine.get(names);
  given.forEach(([, values], i) => {
    engine.set({ [names[i]!]: float32(before[names[i]!]!.shape, values) });
  });
  const step = engine.compile('slim', ({ inputs, state }) => {
    const { loss, gradients } = valueAndGradients(() => {
      const { logits } = model.apply(inputs.image!, { state, tap: gates.tap });
      const task = crossEntropy(logits, oneHot(inputs.label!, model.classes));
      return { loss: tf.add(task, gates.loss()), aux: {} };
    }, names.map(state));
    const outputs = Object.fromEntries(given.map(([name], i) => [name, gradients[i]!]));
    return { outputs: { loss, ...outputs } };
  });
  const { label } = await data.batch(Int32Array.from(data.labels.keys()));
  const found = await step({ image: images, label });
  await step.dispose();
  return { found, scores: await gates.scores() };
}

/** Energy, attention and their product of the first block's tokens; of the class token those of the paper's form alone. */
async function lfeParts(
  engine: Engine,
  form: 'paper' | 'code',
  sigma: number,
): Promise<Record<'energy' | 'attention' | 'scores', number[]>> {
  engine.set(weights);
  const never = (): never => {
    throw new Error('not needed here');
  };
  const step = engine.compile('parts', ({ inputs, state }) => {
    const found: Record<string, tf.Tensor> = {};
    model.apply(inputs.image!, {
      state,
      tap(value, { name }) {
        found[name] = value;
        return value;
      },
    });
    const given = {
      scope: Object.assign(Object.create(null), { cost: () => {} }),
      embed: model.dims.get('embed')!,
      block: 0,
      tokens: found['blocks.0.tokens']!,
      prefix: 1,
      attention: found['blocks.0.attn.weights']!,
      perToken: (values: tf.Tensor) => values,
      toMap: never,
      fromMap: never,
    };
    const [energy, attention] = [
      lowFrequencyEnergy(given, sigma, form),
      receivedAttention(given, form),
    ];
    return { outputs: { energy, attention, scores: tf.mul(energy, attention) } };
  });
  const found = await step({ image: images });
  await step.dispose();
  const n = found.energy!.shape[1]!;
  const read = ({ data }: NdArray) =>
    Array.from(data, (x, i) => (form === 'code' && i % n === 0 ? 0 : x));
  return {
    energy: read(found.energy!),
    attention: read(found.attention!),
    scores: read(found.scores!),
  };
}

test("the tokens of ViT-Slim's patch gates: what a later block needs stays in the earlier ones", () => {
  const { patches, kept } = cases.slim;
  const gates = patches.map((block) => Float32Array.from(block, Math.tanh));
  const expected = kept.tokens.map((block) => block.filter((i) => i > 0).map((i) => i - 1));
  expect(slimPatches(gates, kept.share)).toEqual(expected);
});
