import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import type { ArraySlot } from '../engine/slots.ts';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { dropout } from '../layers/dropout.ts';
import { batchNorm } from '../layers/norm.ts';
import { ones } from '../model/initializer.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import {
  type Layers,
  plainPlugin,
  regression,
  tinyImages,
  tinyModel,
  torchAdamW,
} from './testing.ts';
import { type Group, Trainer, type TrainerOptions } from './trainer.ts';

let engine: Engine;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterEach(() => engine.dispose());

const adamw = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.2 } as const;

const makeTrainer = (options: Partial<TrainerOptions> = {}) =>
  new Trainer({
    model: tinyModel(regression),
    engine,
    plugins: [],
    run: { stage: 'fit', epochs: 3, samples: 4, travel: 10, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    adamw,
    ...options,
  });

const rows = [
  [1, 2],
  [-1, 0.5],
  [0, -2],
  [3, 1],
];
const labels = [0, 1, 1, 0];
const images = tinyImages(rows, labels);

/** Two batches, which the steps take in turn. */
const orders = [Int32Array.of(0, 1), Int32Array.of(3, 2)];
const rates = [0.1, 0.05, 0.2, 0.1];

async function steps(trainer: Trainer, group: Group, from = 0, to = rates.length) {
  const results: Awaited<ReturnType<Trainer['step']>>[] = [];
  for (let i = from; i < to; i++) {
    const indices = orders[i % 2]!;
    results.push(await trainer.step(group, await images.batch(indices), indices, rates[i]!));
  }
  return results;
}

const first: StateDict = {
  'head.weight': float32([2, 2], [0.5, -0.25, 0.125, 1]),
  'head.bias': float32([2], [0.25, -0.5]),
};

const numbers = (state: Readonly<Record<string, NdArray>>, ...names: string[]) =>
  names.flatMap((name) => Array.from(state[name]!.data));

const close = (values: readonly number[], digits = 5) =>
  values.map((value) => expect.closeTo(value, digits));

/** The gradient of the mean cross-entropy of a batch and the loss, in float64; values are weight, then bias. */
function byHand(values: readonly number[], indices: Int32Array, smoothing: number) {
  const gradient = values.map(() => 0);
  let loss = 0;
  for (const i of indices) {
    const x = rows[i]!;
    const logits = [0, 1].map(
      (k) => values[2 * k]! * x[0]! + values[2 * k + 1]! * x[1]! + values[4 + k]!,
    );
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    logits.forEach((z, k) => {
      const target = (labels[i] === k ? 1 - smoothing : 0) + smoothing / 2;
      const p = Math.exp(z) / total;
      loss -= (target * Math.log(p)) / indices.length;
      const slope = (p - target) / indices.length;
      gradient[2 * k]! += slope * x[0]!;
      gradient[2 * k + 1]! += slope * x[1]!;
      gradient[4 + k]! += slope;
    });
  }
  return { gradient, loss };
}

describe('softmax regression goes step by step as in float64', () => {
  test.each<[string, Partial<TrainerOptions>]>([
    ['with decay of the weight, but not the bias', {}],
    ['with smoothed labels', { labelSmoothing: 0.2 }],
    ['with clipped gradients', { clipNorm: 0.1, adamw: { ...adamw, eps: 0.1 } }],
  ])('%s', async (_, options) => {
    const { adamw: constants = adamw, labelSmoothing = 0, clipNorm } = options;
    const trainer = makeTrainer(options);
    trainer.start(first);
    const results = await steps(trainer, 'weights');

    let values = numbers(first, 'head.weight', 'head.bias');
    const updates = values.map((_, i) =>
      torchAdamW({ ...constants, weightDecay: i < 4 ? constants.weightDecay : 0 }),
    );
    const losses = rates.map((lr, step) => {
      const { gradient, loss } = byHand(values, orders[step % 2]!, labelSmoothing);
      const norm = Math.hypot(...gradient);
      const scale = clipNorm === undefined ? 1 : Math.min(clipNorm / norm, 1);
      values = values.map((value, i) => updates[i]!(value, gradient[i]! * scale, lr));
      return loss;
    });

    expect(results.map(({ loss }) => loss)).toEqual(close(losses));
    expect(results.map(({ terms }) => terms.crossEntropy)).toEqual(close(losses));
    expect(numbers(await trainer.weights(), 'head.weight', 'head.bias')).toEqual(close(values));
  });
});

/** A vector of a weight each in the stem, in two blocks and before the head. */
const layered: Layers = (m, pixels) => {
  let x = tf.mul(pixels, m.child('stem').param('weight', [2], ones));
  for (const name of ['a', 'b']) {
    x = tf.mul(x, m.child(name).param('weight', [2], ones));
    x = m.child(name).tap('tokens', x);
  }
  return regression(m, x);
};

test('layers learn at the rate of their depth', async () => {
  const model = tinyModel(layered);
  const trainer = makeTrainer({ model, layerDecay: 0.5, adamw: { ...adamw, eps: 0 } });
  const start = {
    ...first,
    'stem.weight': float32([2], 1),
    'a.weight': float32([2], 1),
    'b.weight': float32([2], 1),
  };
  trainer.start(start);
  await steps(trainer, 'weights', 0, 1);
  const now = await trainer.weights();
  // Without eps the first step of AdamW is as long as the learning rate; vectors are not decayed.
  const moved = (name: string) =>
    [0, 1].map((i) => Math.abs(now[name]!.data[i]! - numbers(start, name)[i]!) / rates[0]!);
  expect(moved('head.bias')).toEqual(close([1, 1]));
  expect(moved('b.weight')).toEqual(close([0.5, 0.5]));
  expect(moved('a.weight')).toEqual(close([0.25, 0.25]));
  expect(moved('stem.weight')).toEqual(close([0.125, 0.125]));
});

describe('the moving average of the weights', () => {
  test('follows the weights, and is what is evaluated and saved', async () => {
    const plain = makeTrainer();
    plain.start(first);
    let expected = numbers(first, 'head.weight');
    for (let i = 0; i < 3; i++) {
      await steps(plain, 'weights', i, i + 1);
      const now = numbers(await plain.weights(), 'head.weight');
      expected = expected.map((old, k) => 0.75 * old + 0.25 * now[k]!);
    }
    const raw = numbers(await plain.weights(), 'head.weight');
    await plain.dispose();

    const trainer = makeTrainer({ emaDecay: 0.75 });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 3);
    const weights = await trainer.weights();
    expect(numbers(weights, 'head.weight')).toEqual(close(expected));
    expect(numbers((await trainer.save()).arrays, 'weight:head.weight')).toEqual(close(raw));
    const image = float32([1, 1, 1, 2], [1, 0]);
    const { logits } = await trainer.inference({ image });
    const [left, , right] = numbers(weights, 'head.weight');
    const [a, b] = numbers(weights, 'head.bias');
    expect(Array.from(logits!.data)).toEqual(close([left! + a!, right! + b!]));
  });

  test('has no part in the features that plugins see', async () => {
    const trainer = makeTrainer({ model: tinyModel(layered), emaDecay: 0.75 });
    const scale = (value: number) => ({
      'stem.weight': float32([2], value),
      'a.weight': float32([2], 1),
      'b.weight': float32([2], 1),
    });
    trainer.start({ ...first, ...scale(1) });
    engine.set({ 'weight:stem.weight': float32([2], 5) });
    const image = float32([1, 1, 1, 2], [1, 2]);
    expect(Array.from((await trainer.features({ image })).features!.data)).toEqual([5, 10]);
    expect(Array.from((await trainer.inference({ image })).features!.data)).toEqual([1, 2]);
  });
});

describe('running statistics', () => {
  const normed: Layers = (m, pixels) => {
    const dim = m.dim('pixels', 2);
    return regression(m, batchNorm(m.child('norm'), pixels, dim));
  };
  const alpha = plainPlugin('mask', (run) => {
    const slot = run.parameter('alpha', float32([], [1]));
    return { loss: () => tf.square(slot.value) };
  });
  const start = {
    ...first,
    'norm.weight': float32([2], 1),
    'norm.bias': float32([2]),
    'norm.running_mean': float32([2]),
    'norm.running_var': float32([2], 1),
    'norm.num_batches_tracked': { dtype: 'int32', shape: [], data: Int32Array.of(0) },
  } satisfies StateDict;
  const trainer = () => makeTrainer({ model: tinyModel(normed), plugins: [alpha], emaDecay: 0.5 });
  const statistics = ['norm.running_mean', 'norm.running_var', 'norm.num_batches_tracked'];

  test('move in a step of the weights, and are averaged; counters are copied', async () => {
    const one = trainer();
    one.start(start);
    await steps(one, 'weights', 0, 1);
    // The batch: (1, 2) and (-1, 0.5), means 0 and 1.25, unbiased variances 2 and 1.125; momentum 0.1.
    const { arrays } = await one.save();
    const raw = statistics.map((name) => `weight:${name}`);
    expect(numbers(arrays, ...raw)).toEqual(close([0, 0.125, 1.1, 1.0125, 1]));
    expect(numbers(await one.weights(), ...statistics)).toEqual(
      close([0, 0.0625, 1.05, 1.00625, 1]),
    );
  });

  test('stay in a step of the architecture', async () => {
    const one = trainer();
    one.start(start);
    await steps(one, 'weights', 0, 1);
    const before = await one.save();
    await steps(one, 'architecture', 0, 1);
    const { arrays } = await one.save();
    for (const name of statistics.flatMap((own) => [`weight:${own}`, `average:${own}`]))
      expect([name, ...arrays[name]!.data]).toEqual([name, ...before.arrays[name]!.data]);
  });
});

describe('groups', () => {
  /** An architecture parameter, 1 at first, whose loss has its minimum at 3; its slot comes along. */
  function masked() {
    let slot: ArraySlot | undefined;
    const attached = plainPlugin('mask', (run) => {
      const alpha = run.parameter('alpha', float32([], [1]));
      slot = alpha;
      return { loss: () => tf.square(tf.sub(alpha.value, 3)) };
    });
    return { plugins: [attached], alpha: async () => (await slot!.read()).data[0] };
  }

  test('architecture parameters are there or not', () => {
    expect(makeTrainer().hasArchitecture).toBe(false);
    expect(makeTrainer({ plugins: masked().plugins }).hasArchitecture).toBe(true);
  });

  test('a step of the weights leaves the architecture, with all that belongs to it', async () => {
    const { plugins } = masked();
    const trainer = makeTrainer({ plugins });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 2);
    const { arrays } = await trainer.save();
    expect(numbers(arrays, 'mask/alpha', 'm:mask/alpha', 'v:mask/alpha')).toEqual([1, 0, 0]);
    expect(numbers(arrays, 'weight:head.bias')).not.toEqual(numbers(first, 'head.bias'));
  });

  test('a step of the architecture leaves the weights, with all that belongs to them', async () => {
    const { plugins, alpha } = masked();
    const trainer = makeTrainer({ plugins, emaDecay: 0.5 });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 1); // so that the average is another than the weights
    const before = await trainer.save();
    await steps(trainer, 'architecture', 0, 2);
    const { arrays } = await trainer.save();
    expect(await alpha()).not.toBe(1);
    for (const name of Object.keys(before.arrays).filter((key) => !key.includes('alpha')))
      expect([name, ...arrays[name]!.data]).toEqual([name, ...before.arrays[name]!.data]);
  });

  test('both at once; the architecture is not decayed', async () => {
    const { plugins, alpha } = masked();
    const trainer = makeTrainer({ plugins });
    trainer.start(first);
    await steps(trainer, 'all', 0, 3);
    const next = torchAdamW({ ...adamw, weightDecay: 0 });
    const expected = rates.slice(0, 3).reduce((now, lr) => next(now, 2 * (now - 3), lr), 1);
    expect(await alpha()).toBeCloseTo(expected, 5);
    expect((await trainer.weights())['head.bias']!.data).not.toEqual(first['head.bias']!.data);
  });

  test('each counts its own steps, for the bias correction too', async () => {
    const { plugins, alpha } = masked();
    const trainer = makeTrainer({ plugins, adamw: { ...adamw, eps: 0 } });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 3);
    await steps(trainer, 'architecture', 0, 1);
    expect(await alpha()).toBeCloseTo(1 + rates[0]!, 5); // a first step
    expect([trainer.steps('weights'), trainer.steps('architecture'), trainer.steps('all')]).toEqual(
      [...[3, 1, 0]],
    );
  });
});

describe('plugins', () => {
  test('taps follow one another, in training and in evaluation', async () => {
    const seen: boolean[] = [];
    const observed: number[][] = [];
    const twice = plainPlugin('twice', () => ({
      tap(value, { training }) {
        seen.push(training);
        return tf.mul(value, 2);
      },
    }));
    const more = plainPlugin('more', () => ({
      tap: (value) => tf.add(value, 1),
      observe: ({ indices, features }) => observed.push([...indices], [...features.data]),
    }));
    const trainer = makeTrainer({ plugins: [twice, more] });
    trainer.start(first);
    await steps(trainer, 'weights', 1, 2);
    // Images 3 and 2: (3, 1) and (0, -2), times 2, plus 1.
    expect(observed).toEqual([
      [3, 2],
      [7, 3, 1, -3],
    ]);
    const image = float32([1, 1, 1, 2], [1, 2]);
    const found = [await trainer.features({ image }), await trainer.inference({ image })];
    expect(found.map(({ features }) => [...features!.data])).toEqual([
      [3, 5],
      [3, 5],
    ]);
    expect(seen).toEqual([true, false, false]);
  });

  test('what one watches of a step is what it observes, and no other', async () => {
    const seen: [string, number[]][] = [];
    const watching = (name: string, factor: number) =>
      plainPlugin(name, () => ({
        watch: ({ features }) => ({ sum: tf.mul(tf.sum(features), factor) }),
        observe: ({ values }) => {
          for (const [key, { data }] of Object.entries(values)) seen.push([name + key, [...data]]);
        },
      }));
    const silent = plainPlugin('silent', () => ({
      observe: ({ values }) => seen.push(['silent', Object.keys(values).map(Number)]),
    }));
    const trainer = makeTrainer({ plugins: [watching('a', 1), silent, watching('a:b', 10)] });
    trainer.start(first);
    await steps(trainer, 'weights', 1, 2);
    // Images 3 and 2: (3, 1) and (0, -2).
    expect(seen).toEqual([
      ['asum', [2]],
      ['silent', []],
      ['a:bsum', [20]],
    ]);
  });

  test("losses are added to the task's, and read the batch", async () => {
    const reading = plainPlugin('reading', () => ({
      loss: ({ images, indices, targets, logits, features, tokens }) => {
        expect([images, logits, features, tokens].map(({ shape }) => shape)).toEqual([
          ...[
            [2, 1, 1, 2],
            [2, 2],
            [2, 2],
            [2, 1, 2],
          ],
        ]);
        const own = tf.sum(tf.mul(targets, tf.tensor1d([10, 1000])));
        return tf.add(own, tf.sum(tf.cast(indices, 'float32')));
      },
    }));
    const constant = plainPlugin('constant', () => ({ loss: () => tf.scalar(0.5) }));
    const trainer = makeTrainer({ plugins: [reading, constant] });
    trainer.start(first);
    const [{ loss, terms } = { loss: 0, terms: {} }] = await steps(trainer, 'weights', 1, 2);
    // Images 3 and 2, of classes 0 and 1.
    expect(Object.keys(terms)).toEqual(['crossEntropy']);
    expect(loss - terms.crossEntropy!).toBeCloseTo(10 + 1000 + 3 + 2 + 0.5, 3);
  });

  test('inputs follow the progress: the epoch, and the steps of the group', async () => {
    const told: number[][] = [];
    const watching = plainPlugin('watching', (run) => {
      run.parameter('alpha', float32([], [1]));
      const slot = run.input('progress', ({ epoch, epochs, step }) => {
        told.push([epoch, epochs, step]);
        return step;
      });
      return { loss: () => slot.value };
    });
    const trainer = makeTrainer({ plugins: [watching] });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 2);
    trainer.progress.epoch = 2;
    await steps(trainer, 'architecture', 0, 1);
    await steps(trainer, 'weights', 2, 3);
    expect(told).toEqual([
      [0, 3, 0],
      [0, 3, 1],
      [2, 3, 0],
      [2, 3, 2],
    ]);
  });

  test("noise is new in every step, from the trainer's generator of that time", async () => {
    const noisy = plainPlugin('noisy', (run) => {
      const slot = run.noise('u', [1], 'uniform');
      return { loss: () => tf.mul(slot.value, 100) };
    });
    const trainer = makeTrainer({ plugins: [noisy] });
    trainer.start(first);
    const drawn = async (seed: number) => {
      trainer.generator = new Generator(seed);
      const results = await steps(trainer, 'weights', 0, 2);
      return results.map(({ loss, terms }) => Math.round(loss - terms.crossEntropy!));
    };
    const one = await drawn(5);
    expect(one[0]).not.toBe(one[1]);
    expect(await drawn(5)).toEqual(one);
    expect(await drawn(6)).not.toEqual(one);
  });

  test('dropout of the model is from that generator too', async () => {
    const dropping: Layers = (m, pixels) => regression(m, dropout(m, pixels, 0.5));
    const seen: string[] = [];
    const watching = plainPlugin('watching', () => ({
      observe: ({ features }) => void seen.push(features.data.join()),
    }));
    const trainer = makeTrainer({ model: tinyModel(dropping), plugins: [watching] });
    trainer.start(first);
    const drawn = async (seed: number) => {
      trainer.generator = new Generator(seed);
      for (let i = 0; i < 20; i++) await steps(trainer, 'weights', 0, 1);
      return seen.splice(0);
    };
    const one = await drawn(5);
    // Of 16 patterns one alone in 20 steps: a chance of 16^-19.
    expect(new Set(one).size).toBeGreaterThan(1);
    expect(await drawn(5)).toEqual(one);
    expect(await drawn(6)).not.toEqual(one);
  });

  test('warnings name the plugin', () => {
    const warnings: string[] = [];
    const warning = plainPlugin('mask', (run) => {
      run.warn('it has collapsed');
      return {};
    });
    const run = { stage: 'fit', epochs: 1, samples: 4, travel: 10 } as const;
    makeTrainer({ plugins: [warning], run: { ...run, warn: (text) => warnings.push(text) } });
    expect(warnings).toEqual(['mask: it has collapsed']);
  });
});

describe('what is saved', () => {
  const slots = plainPlugin('slots', (run) => {
    run.constant('teacher', float32([1], [7]));
    run.buffer('centres', float32([1], [8]));
    run.parameter('alpha', float32([1], [9]));
    return {};
  });

  test('is all that training goes on from, without constants', async () => {
    const trainer = makeTrainer({ plugins: [slots], emaDecay: 0.9 });
    trainer.start(first);
    const { arrays } = await trainer.save();
    const weights = ['head.weight', 'head.bias'];
    expect(Object.keys(arrays).sort()).toEqual(
      [
        ...weights.flatMap((name) => [`weight:${name}`, `average:${name}`]),
        ...weights.flatMap((name) => [`m:weight:${name}`, `v:weight:${name}`]),
        ...['slots/centres', 'slots/alpha', 'm:slots/alpha', 'v:slots/alpha'],
      ].sort(),
    );
    expect(numbers(arrays, 'slots/centres', 'slots/alpha')).toEqual([8, 9]);
  });

  test('goes on to the same bits', async () => {
    const whole = makeTrainer({ emaDecay: 0.9 });
    whole.start(first);
    await steps(whole, 'weights', 0, 2);
    const saved = await whole.save();
    await steps(whole, 'weights', 2, 4);
    const expected = await whole.save();
    await whole.dispose();

    const second = makeTrainer({ emaDecay: 0.9 });
    second.start({ 'head.weight': float32([2, 2]), 'head.bias': float32([2]) });
    second.restore(saved);
    expect(second.steps('weights')).toBe(2);
    await steps(second, 'weights', 2, 4);
    expect(await second.save()).toEqual(expected);
  });

  test.each<[string, (arrays: Record<string, NdArray>) => object]>([
    ['no array weight:head.bias', ({ 'weight:head.bias': _, ...rest }) => rest],
    ['an array more that this training has not', (arrays) => ({ ...arrays, more: float32([1]) })],
    [
      'weight:head.bias: float32 [1] instead of float32 [2]',
      (arrays) => ({ ...arrays, 'weight:head.bias': float32([1]) }),
    ],
    [
      'm:weight:head.bias: int32 [2] instead of float32 [2]',
      (arrays) => ({ ...arrays, 'm:weight:head.bias': int32([2], [0, 0]) }),
    ],
    ['no array slots/centres', ({ 'slots/centres': _, ...rest }) => rest],
  ])('is refused with %s', async (found, change) => {
    const trainer = makeTrainer({ plugins: [slots] });
    trainer.start(first);
    const { arrays, counts } = await trainer.save();
    const changed = change(arrays) as Record<string, NdArray>;
    expect(() => trainer.restore({ arrays: changed, counts }, 'a file')).toThrow(
      expect.objectContaining({ code: 'STATE_DAMAGED', where: 'a file', found }),
    );
    expect(await trainer.save()).toEqual({ arrays, counts });
  });

  test('leaves the engine with the trainer, and nothing else does', async () => {
    engine.set({ own: float32([1], [1]) });
    const trainer = makeTrainer({ plugins: [slots], emaDecay: 0.9 });
    trainer.start(first);
    await steps(trainer, 'weights', 0, 1);
    await trainer.dispose();
    expect(engine.names()).toEqual(['own']);
  });
});

describe('errors', () => {
  test('a loss that is not finite is named by epoch, step and group', async () => {
    const broken = plainPlugin('broken', (run) => {
      const slot = run.input('loss', ({ step }) => (step === 1 ? Number.NaN : 0));
      return { loss: () => slot.value };
    });
    const trainer = makeTrainer({ plugins: [broken] });
    trainer.start(first);
    trainer.progress.epoch = 2;
    await expect(steps(trainer, 'weights')).rejects.toMatchObject({
      code: 'LOSS_NOT_FINITE',
      where: 'epoch 3, step 2 (weights)',
      found: 'a loss of NaN, from plugin "broken"',
    });
  });

  test('weights of another model are refused', () => {
    expect(() => makeTrainer().start({ 'head.weight': float32([2, 2]) })).toThrow(
      expect.objectContaining({ code: 'STATE_DICT', where: 'initial weights' }),
    );
  });

  /** A task whose images have no class. */
  const task: Task = {
    name: 'heights',
    metrics: {},
    losses: ({ logits }) => ({ height: tf.mean(tf.square(logits)) }),
    outputs: ({ logits }) => ({ logits }),
    evaluate: async () => ({}),
  };
  const model = tinyModel(regression, { task });

  test('where images have no class, labels are not smoothed', () => {
    expect(() => makeTrainer({ model, labelSmoothing: 0.1 })).toThrow(
      expect.objectContaining({
        code: 'OPTION',
        where: 'labelSmoothing',
        found: '0.1 for heights',
      }),
    );
    expect(() => makeTrainer({ model })).not.toThrow();
  });

  test("where images have no class, a plugin's loss cannot read it", async () => {
    const reading = plainPlugin('reading', () => ({ loss: ({ targets }) => tf.mean(targets) }));
    const trainer = makeTrainer({ model, plugins: [reading] });
    trainer.start(first);
    await expect(steps(trainer, 'weights')).rejects.toMatchObject({ code: 'TASK_CLASSES' });
  });
});
