import {
  adamw,
  compileInference,
  createEagerEngine,
  definePlugin,
  type Engine,
  float32,
  Generator,
  int32,
  type Kept,
  type Model,
  type NdArray,
  type Plugin,
  type PluginRun,
  prune,
  pruneState,
  type RefreshContext,
  type Tensor,
  Trainer,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type GumbelMasksOptions, gumbelMasks } from './gumbel-masks.ts';
import { attentionAndMlp, twoMlps } from './testing.ts';

const model = twoMlps();
const weights = Object.fromEntries(
  model.params.map(({ name, shape }, n): [string, NdArray] => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [
      name,
      float32(
        shape,
        Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + n)),
      ),
    ];
  }),
);
const image = float32(
  [2, 1, 2, 3],
  Array.from({ length: 12 }, (_, i) => Math.cos(2 * i)),
);
const label = int32([2], [0, 1]);

interface Setting {
  model?: Model;
  options?: GumbelMasksOptions;
  /** Alphas by dimension; others keep their first values. */
  alphas?: Readonly<Record<string, number[]>>;
  /** Of the run, where they differ. */
  facts?: Partial<Pick<PluginRun, 'stage' | 'epochs' | 'travel'>>;
  /** Before and after the masks. */
  around?: readonly [Plugin, Plugin];
}

/** A search's trainer with the masks, and what they warn of. */
async function searching(
  engine: Engine,
  { model: own = model, options = {}, alphas = {}, around, facts }: Setting = {},
) {
  const warnings: string[] = [];
  const masks = gumbelMasks(options);
  const trainer = new Trainer({
    model: own,
    engine,
    plugins: around ? [around[0], masks, around[1]] : [masks],
    run: {
      stage: 'search',
      epochs: 60,
      samples: 2,
      travel: 10,
      ...facts,
      warn: (text) => warnings.push(text),
    },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  trainer.start(own === model ? weights : own.initialize(new Generator(2)));
  for (const [name, values] of Object.entries(alphas))
    engine.set({ [`gumbel-masks/${name}`]: float32([values.length], values) });
  const plugin = trainer.plugins.find(({ name }) => name === 'gumbel-masks')!;
  /** The loss of one step that changes nothing. */
  const loss = async () =>
    (await trainer.step('architecture', { image, label }, Int32Array.of(0, 1), 0)).loss;
  return { trainer, plugin, warnings, loss };
}

const cpu = () => createEagerEngine({ backend: 'cpu' });

/** The logits of the model that keeps some channels. */
async function prunedLogits(engine: Engine, kept: Kept): Promise<number[]> {
  const pruned = prune(model, kept);
  engine.set(pruneState(model, pruned, weights));
  await using inference = compileInference(engine, pruned);
  return [...(await inference({ image })).logits!.data];
}

const expectClose = (actual: readonly number[], expected: readonly number[], digits = 4) =>
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits));

/** Mean cross-entropy in float64 of two classes. */
const crossEntropy = (logits: readonly number[]) =>
  [0, 1].reduce((sum, n) => {
    const [a, b] = [logits[2 * n]!, logits[2 * n + 1]!];
    return sum + Math.log(Math.exp(a) + Math.exp(b)) - [a, b][n]!;
  }, 0) / 2;

/** So far from 0 that no random draw changes the mask: the first MLP keeps one channel less. */
const decided = { 'a.io': [1e4, -1e4, 1e4], 'b.io': [1e4, 1e4, 1e4] };
const kept = { 'a.io': [0, 2] };

test('evaluation is that of the model whose alphas are above 0', async () => {
  await using engine = await cpu();
  const alphas = { 'a.io': [1, -1, 0.01], 'b.io': [0, 2, 3] };
  const { trainer } = await searching(engine, { alphas });
  const { logits } = await trainer.inference({ image });
  const left = { 'a.io': [0, 2], 'b.io': [1, 2] };
  expectClose([...logits!.data], await prunedLogits(engine, left));
});

test('alphas begin at 2, or where they are told to', async () => {
  await using engine = await cpu();
  await searching(engine);
  const first = async () => (await engine.get(['gumbel-masks/a.io']))['gumbel-masks/a.io'];
  expect(await first()).toEqual(float32([3], 2));
  await searching(engine, { options: { initial: 0.5 } });
  expect(await first()).toEqual(float32([3], 0.5));
});

describe('the loss', () => {
  test.each([0.2, 1.5])('has lambda log(cost) added, lambda %f', async (lambda) => {
    await using engine = await cpu();
    const { loss } = await searching(engine, { options: { lambda }, alphas: decided });
    const found = await loss();
    const task = crossEntropy(await prunedLogits(engine, kept));
    // Five of six channels of the views are left.
    expect(found).toBeCloseTo(task + lambda * Math.log(5 / 6), 4);
  });

  test('counts the cost that it is told to', async () => {
    await using engine = await cpu();
    const options = { lambda: 1, cost: 'model' as const };
    const { loss } = await searching(engine, { options, alphas: decided });
    const found = await loss();
    const task = crossEntropy(await prunedLogits(engine, kept));
    const share = prune(model, kept).macs.total / model.macs.total;
    expect(found).toBeCloseTo(task + Math.log(share), 4);
  });

  test('has the mean entropy of the masks added, at the temperature of the epoch', async () => {
    await using engine = await cpu();
    const alphas = { 'a.io': [0, 1, -2], 'b.io': [3, 0.5, 4] };
    const at = async (entropy: number, epoch: number) => {
      const { loss, trainer } = await searching(engine, { options: { entropy }, alphas });
      trainer.progress.epoch = epoch;
      return loss();
    };
    for (const epoch of [0, 7]) {
      const tau = 4.5 * 0.95 ** epoch;
      const all = [...alphas['a.io'], ...alphas['b.io']].map((alpha) => {
        const p = 1 / (1 + Math.exp(-alpha / tau));
        return -p * Math.log(p) - (1 - p) * Math.log(1 - p);
      });
      const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
      // The same seed: both runs draw the same masks.
      expect((await at(2, epoch)) - (await at(0, epoch))).toBeCloseTo(2 * mean, 4);
    }
  });

  test('leads alphas towards fewer channels: its gradient is felt in a step', async () => {
    await using engine = await cpu();
    const { trainer } = await searching(engine, { options: { lambda: 1000 } });
    await trainer.step('architecture', { image, label }, Int32Array.of(0, 1), 0.01);
    const { data } = (await engine.get(['gumbel-masks/b.io']))['gumbel-masks/b.io']!;
    for (const alpha of data) expect(alpha).toBeCloseTo(1.99, 4);
  });
});

describe('the masks of a step', () => {
  /** Remembers tapped values of a role in training steps. */
  const spy = (name: string, seen: Map<string, number[]>): Plugin =>
    definePlugin({
      name,
      contract: 1,
      attach: () => (_: PluginRun) => {
        let tapped: Record<string, Tensor> = {};
        return {
          tap(value, info) {
            if (info.training && info.dim) tapped[info.name] = value;
            return value;
          },
          watch: () => {
            const now = tapped;
            tapped = {};
            return now;
          },
          observe({ values }) {
            for (const [tap, { data }] of Object.entries(values)) seen.set(tap, [...data]);
          },
        };
      },
    })({});

  const masks = async (options: GumbelMasksOptions, own?: Model) => {
    const [before, after] = [new Map<string, number[]>(), new Map<string, number[]>()];
    const around = [spy('before', before), spy('after', after)] as const;
    await using engine = await cpu();
    const alphas = own ? undefined : { 'a.io': [0, 0.5, -0.5], 'b.io': [0.2, 0, 0] };
    const { loss } = await searching(engine, { model: own, options, alphas, around });
    await loss();
    const ratio = (tap: string) => after.get(tap)!.map((value, i) => value / before.get(tap)![i]!);
    return { ratio, before, after };
  };

  test('are the same for all values of a dimension, and other dimensions have others', async () => {
    const { ratio, before, after } = await masks({});
    const rows = (values: number[]) => [0, 3, 6, 9].map((at) => values.slice(at, at + 3));
    const mask = rows(ratio('a.in'))[0]!;
    for (const tap of ['a.in', 'a.out']) for (const row of rows(ratio(tap))) expectClose(row, mask);
    for (const value of mask) expect(value).toBeGreaterThan(0);
    for (const value of mask) expect(value).toBeLessThan(1);
    expect(rows(ratio('b.in'))[0]).not.toEqual(mask);
    expect(after.get('a.hidden')).toEqual(before.get('a.hidden'));
  });

  test('are binary forward with the straight-through gradient', async () => {
    const { ratio } = await masks({ straightThrough: true });
    for (const tap of ['a.in', 'a.out', 'b.in'])
      for (const value of ratio(tap)) expect([0, 1]).toContain(value + 0);
  });

  test('of v are on v, and not on its sums too', async () => {
    const { ratio, before, after } = await masks({ dims: ['v'] }, attentionAndMlp());
    for (const value of ratio('attn.v')) expect(value).toBeLessThan(1);
    expect(after.get('attn.context')).toEqual(before.get('attn.context'));
  });

  test('of other roles are where their values are', async () => {
    const { ratio } = await masks({ dims: ['hidden'], straightThrough: true });
    expect(ratio('a.in').every((value) => value === 1)).toBe(true);
    expect(ratio('a.hidden').some((value) => value !== 1 && value !== 0)).toBe(false);
  });
});

describe('the selection', () => {
  test('keeps the channels with alphas above 0', async () => {
    await using engine = await cpu();
    const alphas = { 'a.io': [1, -1, 0], 'b.io': [0.1, 2, 3] };
    const { plugin, warnings } = await searching(engine, { alphas });
    expect(await plugin.select!()).toEqual({ 'a.io': [0], 'b.io': [0, 1, 2] });
    expect(warnings).toEqual([]);
  });

  test('keeps the best of a dimension that has collapsed, and says so', async () => {
    await using engine = await cpu();
    const alphas = { 'a.io': [-3, -1, -2], 'b.io': [0.1, 2, 3] };
    const { plugin, warnings } = await searching(engine, { alphas });
    expect(await plugin.select!()).toMatchObject({ 'a.io': [1] });
    expect(warnings).toEqual([expect.stringMatching(/^gumbel-masks: a\.io has collapsed/)]);
  });

  test('with a budget keeps the best that fit it', async () => {
    await using engine = await cpu();
    const alphas = { 'a.io': [1, 6, 2], 'b.io': [5, 3, 4] };
    // 168 MACs, 24 of them for each channel of a view.
    const budget = (168 - 3 * 24 + 1) / 168;
    const { plugin } = await searching(engine, { alphas, options: { budget } });
    const chosen = await plugin.select!();
    expect(prune(model, chosen).macs.total).toBe(168 - 3 * 24);
    expect(chosen).toEqual({ 'a.io': [1], 'b.io': [0, 2] });
  });

  test("counts attention's products of tokens in the budget", async () => {
    await using engine = await cpu();
    // Two of three channels of q and k leave 158 of 174 MACs, or 138 of 150 without products.
    const options = { dims: ['qk'], budget: 0.915 };
    const alphas = { 'attn.qk': [3, 2, 1] };
    const { plugin } = await searching(engine, { model: attentionAndMlp(), alphas, options });
    expect(await plugin.select!()).toEqual({ 'attn.qk': [0, 1] });
  });
});

test('its numbers: temperature, channels and MACs that would be left, collapsed', async () => {
  await using engine = await cpu();
  const alphas = { 'a.io': [-1, -1, -2], 'b.io': [1, -1, 1] };
  const { plugin } = await searching(engine, { alphas });
  const metrics = await plugin.metrics!({ epoch: 2, epochs: 10, step: 0 });
  expect(metrics).toEqual({
    temperature: expect.closeTo(4.5 * 0.95 ** 2, 10),
    lambda: 0.2,
    keepRatio: 2 / 6,
    // One channel of the first view stays, so that it is not empty.
    macsRatio: (168 - 3 * 24) / 168,
    collapsed: 1,
  });
});

test('the alphas of each epoch are kept', async () => {
  await using engine = await cpu();
  const alphas = { 'a.io': [-1, -1, -2], 'b.io': [1, -1, 1] };
  const { plugin } = await searching(engine, { alphas });
  const snapshot = await plugin.snapshot!({ epoch: 0, epochs: 10, step: 0 });
  expect(snapshot).toEqual({
    'a.io': float32([3], alphas['a.io']),
    'b.io': float32([3], alphas['b.io']),
  });
});

describe('a plan that cannot decide is warned of', () => {
  const planned = async (facts: Setting['facts'], options: GumbelMasksOptions = {}) => {
    await using engine = await cpu();
    const { plugin, warnings } = await searching(engine, { facts, options });
    expect(warnings).toEqual([]);
    // A run that goes on after its first epoch is not told again.
    await plugin.refresh!({ epoch: 1 } as RefreshContext);
    expect(warnings).toEqual([]);
    await plugin.refresh!({ epoch: 0 } as RefreshContext);
    return warnings;
  };

  test.each<[string, Setting['facts'], GumbelMasksOptions, RegExp[]]>([
    [
      'too short a way to 0',
      { travel: 2.18 },
      {},
      [/alphas start at 2 and can move by some 2\.2 /],
    ],
    ['too high a temperature', { epochs: 8 }, {}, [/temperature is above 1 in 8 of 8 epochs/]],
    ['both', { epochs: 8, travel: 1 }, {}, [/alphas start/, /temperature/]],
    ['neither: a smaller first alpha', { travel: 2.18 }, { initial: 1 }, []],
    ['neither: an end', { epochs: 8 }, { temperature: { end: 0.1 } }, []],
    ['neither: binary masks', { epochs: 8 }, { straightThrough: true }, []],
    ['neither: no search', { stage: 'fit', epochs: 8, travel: 1 }, {}, []],
  ])('%s', async (_, facts, options, found) => {
    const warnings = await planned(facts, options);
    expect(warnings).toEqual(found.map((text) => expect.stringMatching(text)));
  });
});

describe('a dual weight of the cost', () => {
  const dual = { lambda: 'dual', budget: 0.7 } as const;
  /** The multiplier and the weight of log(cost) after a step of size 0.01 from where the multiplier is. */
  const stepped = async (io: number[], from: number) => {
    await using engine = await cpu();
    const { trainer, plugin } = await searching(engine, {
      options: dual,
      alphas: { 'a.io': io, 'b.io': io },
    });
    engine.set({ 'gumbel-masks/multiplier': float32([], [from]) });
    await trainer.step('architecture', { image, label }, Int32Array.of(0, 1), 0.01);
    const { data } = await engine
      .get(['gumbel-masks/multiplier'])
      .then((all) => all['gumbel-masks/multiplier']!);
    const { lambda } = await plugin.metrics!({ epoch: 0, epochs: 1, step: 0 });
    expect(lambda).toBeCloseTo(0.1 * data[0]!, 6);
    return data[0]!;
  };

  test.each([
    ['rises while the channels cost more', [1e4, 1e4, 1e4], 0.5, 0.51],
    ['rises from 0', [1e4, 1e4, 1e4], 0, 0.01],
    ['falls while they cost less', [1e4, -1e4, -1e4], 0.5, 0.49],
    ['falls below 0', [1e4, -1e4, -1e4], 0, -0.01],
  ])('%s', async (_, io, from, to) => {
    expect(await stepped(io, from)).toBeCloseTo(to, 5);
  });

  test('is the multiplier with the violation, which log(cost) is multiplied by', async () => {
    await using engine = await cpu();
    const at = async (multiplier: number) => {
      const { loss } = await searching(engine, { options: dual, alphas: decided });
      engine.set({ 'gumbel-masks/multiplier': float32([], [multiplier]) });
      return loss();
    };
    const share = (await searching(engine, { options: { lambda: 1 }, alphas: decided })).loss;
    const free = (await searching(engine, { options: { lambda: 0 }, alphas: decided })).loss;
    const task = await free();
    const logCost = (await share()) - task;
    // 144 of 168 MACs are left, and the fewest channels, one of each view, have 72.
    const violation = Math.log((144 - 72) / (0.7 * 168 - 72));
    for (const multiplier of [0, 1, 30])
      expect((await at(multiplier)) - task).toBeCloseTo(
        (0.1 * multiplier + violation) * logCost,
        4,
      );
  });

  test('without a budget is refused', async () => {
    await using engine = await cpu();
    const options = { lambda: 'dual' } as const;
    await expect(searching(engine, { options })).rejects.toMatchObject({
      code: 'OPTION',
      where: 'plugin "gumbel-masks", setup: lambda',
    });
  });

  test('ends with as many channels as the budget allows', async () => {
    await using engine = await cpu();
    const options = { ...dual, initial: 0.5, temperature: { start: 0.5, decay: 1 } };
    const { trainer, plugin } = await searching(engine, { options });
    for (let i = 0; i < 120; i++)
      await trainer.step('architecture', { image, label }, Int32Array.of(0, 1), 0.1);
    const { macsRatio } = await plugin.metrics!({ epoch: 0, epochs: 1, step: 0 });
    // Of 168 MACs each channel has 24: 0.57, 0.71 and 0.86 are the shares around the budget.
    expect(macsRatio).toBeGreaterThan(0.56);
    expect(macsRatio).toBeLessThan(0.72);
  });
});

test('a model without such dimensions is refused', async () => {
  await using engine = await cpu();
  await expect(searching(engine, { options: { dims: ['qk'] } })).rejects.toThrow(
    expect.objectContaining({ code: 'DIM_ROLES' }),
  );
});
