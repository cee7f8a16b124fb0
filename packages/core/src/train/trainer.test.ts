import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import type { ArraySlot } from '../engine/slots.ts';
import { float32, int32, type NdArray } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { dropout } from '../layers/dropout.ts';
import { batchNorm } from '../layers/norm.ts';
import { adapt } from '../model/adapt.ts';
import { defineAdapter } from '../model/adapter.ts';
import { ones } from '../model/initializer.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import { constant as fixed } from '../trace/tracer.ts';
import { adamw } from './adamw.ts';
import { lamb } from './lamb.ts';
import type { Optimizer } from './optimizer.ts';
import { sgd } from './sgd.ts';
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

const constants = { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.2 } as const;

const makeTrainer = (options: Partial<TrainerOptions> = {}) =>
  new Trainer({
    model: tinyModel(regression),
    engine,
    plugins: [],
    run: { stage: 'fit', epochs: 3, samples: 4, travel: 10, warn: () => {} },
    generator: new Generator(1),
    labelSmoothing: 0,
    optimizer: adamw(constants),
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
  test.each<[string, Partial<TrainerOptions> & { eps?: number }]>([
    ['with decay of the weight, but not the bias', {}],
    ['with smoothed labels', { labelSmoothing: 0.2 }],
    ['with clipped gradients', { clipGrad: 0.1, eps: 0.1 }],
  ])('%s', async (_, { eps = 1e-8, ...options }) => {
    const { labelSmoothing = 0, clipGrad } = options;
    const own = { ...constants, eps };
    const trainer = makeTrainer({ ...options, optimizer: adamw(own) });
    trainer.start(first);
    const results = await steps(trainer, 'weights');

    let values = numbers(first, 'head.weight', 'head.bias');
    const updates = values.map((_, i) =>
      torchAdamW({ ...own, weightDecay: i < 4 ? own.weightDecay : 0 }),
    );
    const losses = rates.map((lr, step) => {
      const { gradient, loss } = byHand(values, orders[step % 2]!, labelSmoothing);
      const norm = Math.hypot(...gradient);
      const scale = clipGrad === undefined ? 1 : Math.min(clipGrad / norm, 1);
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
  const trainer = makeTrainer({
    model,
    layerDecay: 0.5,
    optimizer: adamw({ ...constants, eps: 0 }),
  });
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

/** Batch norm before the head. */
const normed: Layers = (m, pixels) => {
  const dim = m.dim('pixels', 2, { prunable: false });
  return regression(m, batchNorm(m.child('norm'), pixels, dim));
};

const normedStart = {
  ...first,
  'norm.weight': float32([2], 1),
  'norm.bias': float32([2]),
  'norm.running_mean': float32([2], [0.5, -0.5]),
  'norm.running_var': float32([2], [1, 4]),
  'norm.num_batches_tracked': { dtype: 'int32', shape: [], data: Int32Array.of(0) },
} satisfies StateDict;

describe('running statistics', () => {
  const alpha = plainPlugin('mask', (run) => {
    const slot = run.parameter('alpha', float32([], [1]));
    return { loss: () => tf.square(slot.value) };
  });
  const start = {
    ...normedStart,
    'norm.running_mean': float32([2]),
    'norm.running_var': float32([2], 1),
  };
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

describe('what is frozen', () => {
  const model = tinyModel(normed);
  const names = Object.keys(normedStart) as (keyof typeof normedStart)[];

  test('stays, with its statistics, its average and no state of the optimiser', async () => {
    const trainer = makeTrainer({ model, freeze: ['norm'], emaDecay: 0.9 });
    trainer.start(normedStart);
    await steps(trainer, 'weights');
    const { arrays } = await trainer.save();
    for (const name of names.filter((own) => own.startsWith('norm.')))
      for (const prefix of ['weight:', 'average:'])
        expect([name, ...arrays[prefix + name]!.data]).toEqual([name, ...normedStart[name].data]);
    const kept = Object.keys(arrays).filter((name) => name.startsWith('optimizer:'));
    expect(kept.some((name) => name.includes('norm'))).toBe(false);
    expect(kept).toHaveLength(4);
  });

  test('normalises as in evaluation: the head learns as on what it then reads', async () => {
    const whole = makeTrainer({ model, freeze: ['norm'] });
    whole.start(normedStart);
    await steps(whole, 'weights');
    const ours = await whole.weights();
    await whole.dispose();
    // (x - mean) / sqrt(var + 1e-5), from the statistics that it starts with.
    const read = rows.map(([a, b]) => [
      (a! - 0.5) / Math.sqrt(1 + 1e-5),
      (b! + 0.5) / Math.sqrt(4 + 1e-5),
    ]);
    const known = tinyImages(read, labels);
    const head = makeTrainer();
    head.start(first);
    for (const [i, lr] of rates.entries())
      await head.step('weights', await known.batch(orders[i % 2]!), orders[i % 2]!, lr);
    const alone = await head.weights();
    expect(numbers(ours, 'head.weight', 'head.bias')).toEqual(
      close(numbers(alone, 'head.weight', 'head.bias')),
    );
  });

  test('is all but what is trained', async () => {
    const trainer = makeTrainer({ model, trainable: ['norm.bias'] });
    trainer.start(normedStart);
    await steps(trainer, 'weights');
    const now = await trainer.weights();
    const moved = names.filter((name) =>
      now[name]!.data.some((x, i) => x !== normedStart[name].data[i]),
    );
    expect(moved).toEqual(['norm.bias']);
  });

  test('has no gradient: nothing is computed backwards behind it', async () => {
    const differentiated: string[] = [];
    /** A weight whose gradient would be heard of. */
    const heard: Layers = (m, pixels) => {
      const weight = m.child('stem').param('weight', [2], ones);
      const told = tf.customGrad((value) => ({
        value: (value as typeof weight).clone(),
        gradFunc: (dy) => {
          differentiated.push('stem');
          return dy;
        },
      }));
      return regression(m, tf.mul(pixels, told(weight)));
    };
    for (const [freeze, expected] of [
      [['stem'], []],
      [[], ['stem']],
    ]) {
      await using trainer = makeTrainer({ model: tinyModel(heard), freeze });
      trainer.start({ ...first, 'stem.weight': float32([2], 1) });
      await steps(trainer, 'weights', 0, 1);
      expect(differentiated).toEqual(expected);
    }
  });

  test('cannot be all of it, unless plugins have parameters', () => {
    expect(() => makeTrainer({ model, trainable: [] })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'trainable' }),
    );
    expect(() => makeTrainer({ model, freeze: ['norm', 'head'] })).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'freeze' }),
    );
    expect(engine.names()).toEqual([]);
    const alpha = plainPlugin('mask', (run) => {
      run.parameter('alpha', float32([], [1]));
      return {};
    });
    expect(makeTrainer({ model, trainable: [], plugins: [alpha] }).trainsWeights).toBe(false);
  });

  test('may be all but an adapter', async () => {
    const gain = defineAdapter({
      name: 'gain',
      module: 'test',
      contract: 1,
      attach: (_: object) => () => (m, value, info) =>
        info.role === 'features' ? tf.mul(value, m.child('gain').param('scale', [2], ones)) : value,
    })({});
    const adapted = adapt(tinyModel(regression), [gain]);
    const start = { ...first, 'gain.scale': float32([2], 1) };
    const trainer = makeTrainer({ model: adapted, trainable: ['gain'] });
    trainer.start(start);
    await steps(trainer, 'weights');
    const now = await trainer.weights();
    expect(numbers(now, 'gain.scale')).not.toEqual([1, 1]);
    expect(numbers(now, 'head.weight', 'head.bias')).toEqual(
      numbers(first, 'head.weight', 'head.bias'),
    );
  });
});

describe('accumulated gradients', () => {
  const whole = Int32Array.of(0, 1, 3, 2);

  /** Updates on all images at once, in so many pieces. */
  async function updated(accumulate: number, options: Partial<TrainerOptions> = {}) {
    await using trainer = makeTrainer({ accumulate, ...options });
    trainer.start(first);
    const results: Awaited<ReturnType<Trainer['step']>>[] = [];
    for (const lr of rates)
      results.push(await trainer.step('weights', await images.batch(whole), whole, lr));
    return { results, weights: await trainer.weights(), state: await trainer.save() };
  }

  test.each<[string, Partial<TrainerOptions>]>([
    ['AdamW', {}],
    ['SGD', { optimizer: sgd({ weightDecay: 0.1 }) }],
    ['LAMB', { optimizer: lamb({ maxGradNorm: 0.1 }) }],
    ['clipping and a moving average', { clipGrad: 0.1, emaDecay: 0.5, labelSmoothing: 0.1 }],
    ['adaptive clipping', { clipGrad: 0.01, clipMode: 'agc' }],
  ])('are those of the whole batch: %s', async (_, options) => {
    const at = await updated(1, options);
    for (const pieces of [2, 4]) {
      const own = await updated(pieces, options);
      expect(Object.keys(own.state.arrays)).toEqual(Object.keys(at.state.arrays));
      for (const [name, { data }] of Object.entries(at.state.arrays))
        expect([name, ...own.state.arrays[name]!.data]).toEqual([name, ...close([...data], 5)]);
      expect(own.state.counts).toEqual({ weights: 4 });
      own.results.forEach(({ loss, terms }, i) => {
        expect(loss).toBeCloseTo(at.results[i]!.loss, 6);
        expect(terms.crossEntropy).toBeCloseTo(at.results[i]!.terms.crossEntropy!, 6);
      });
    }
  });

  test('know one progress for an update; plugins see each piece', async () => {
    const told: (number | number[])[] = [];
    const watching = plainPlugin('watching', (run) => {
      const slot = run.input('step', ({ step }) => {
        told.push(step);
        return step;
      });
      return {
        loss: () => tf.mul(slot.value, 0),
        observe: ({ indices, features }) => told.push([...indices, ...features.shape]),
      };
    });
    const { state } = await updated(2, { plugins: [watching] });
    expect(told.slice(0, 8)).toEqual([
      ...[0, [0, 1, 2, 2], 0, [3, 2, 2, 2]],
      ...[1, [0, 1, 2, 2], 1, [3, 2, 2, 2]],
    ]);
    expect(state.counts).toEqual({ weights: 4 });
  });

  test('batch norm has the statistics of the pieces, one after another', async () => {
    const trainer = makeTrainer({
      model: tinyModel(normed),
      accumulate: 2,
      trainable: ['head', 'norm'],
    });
    trainer.start(normedStart);
    await trainer.step('weights', await images.batch(whole), whole, 0.1);
    // Means 0 and 1.25 of the first two images, 1.5 and -0.5 of the others; momentum 0.1.
    const second = [0.5, -0.5].map(
      (old, i) => 0.9 * (0.9 * old + 0.1 * [0, 1.25][i]!) + 0.1 * [1.5, -0.5][i]!,
    );
    expect(numbers(await trainer.weights(), 'norm.running_mean')).toEqual(close(second));
  });

  test('need batches of so many equal pieces', async () => {
    await using trainer = makeTrainer({ accumulate: 3 });
    trainer.start(first);
    const step = trainer.step('weights', await images.batch(whole), whole, 0.1);
    await expect(step).rejects.toMatchObject({ code: 'BATCH_SIZE' });
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
    expect(
      numbers(arrays, 'mask/alpha', 'optimizer:m:mask/alpha', 'optimizer:v:mask/alpha'),
    ).toEqual([1, 0, 0]);
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
    const next = torchAdamW({ ...constants, weightDecay: 0 });
    const expected = rates.slice(0, 3).reduce((now, lr) => next(now, 2 * (now - 3), lr), 1);
    expect(await alpha()).toBeCloseTo(expected, 5);
    expect((await trainer.weights())['head.bias']!.data).not.toEqual(first['head.bias']!.data);
  });

  test('adaptive clipping is of weights: an architecture parameter takes its whole step', async () => {
    const { plugins, alpha } = masked();
    const clipping = { clipGrad: 1e-3, clipMode: 'agc' } as const;
    const trainer = makeTrainer({ plugins, optimizer: sgd({ momentum: 0 }), ...clipping });
    trainer.start(first);
    await steps(trainer, 'architecture', 0, 1);
    expect(await alpha()).toBeCloseTo(1 + 0.1 * 4, 6);
  });

  test('each has its own optimiser', async () => {
    const { plugins, alpha } = masked();
    const options = { plugins, architectureOptimizer: sgd({ momentum: 0.5 }) };
    const trainer = makeTrainer(options);
    trainer.start(first);
    await steps(trainer, 'architecture', 0, 2);
    // From 1: a gradient of -4 at a rate of 0.1, then one of 2 (1.4 - 3) at 0.05 beside half the first.
    expect(await alpha()).toBeCloseTo(1.4 + 0.05 * (3.2 + 2), 6);
    const kept = Object.keys((await trainer.save()).arrays).filter((name) =>
      name.endsWith('alpha'),
    );
    expect(kept).toEqual(['mask/alpha', 'optimizer:momentum:mask/alpha']);
  });

  test.each<[string, Optimizer['update'], RegExp]>([
    ['for too few parameters', (all) => all.slice(1), /^1 results for 2 parameters$/],
    [
      'of another shape',
      (all) => all.map(({ value, state }) => ({ value: tf.sum(value), state })),
      /^value of float32 \[\] for a parameter of float32 \[2, 2\]$/,
    ],
    ['without a state', (all) => all.map(({ value }) => ({ value, state: {} })), /./],
  ])('an update %s is refused, and changes nothing', async (_, update, found) => {
    const own: Optimizer = {
      name: 'own',
      contract: 1,
      slots: ['age'],
      numbers: () => ({}),
      update,
    };
    const trainer = makeTrainer({ optimizer: own });
    trainer.start(first);
    await expect(steps(trainer, 'weights')).rejects.toMatchObject({
      where: expect.stringContaining('optimizer "own"'),
      found: expect.stringMatching(found),
    });
    expect(numbers(await trainer.weights(), 'head.bias')).toEqual(numbers(first, 'head.bias'));
  });

  test('each counts its own steps, for the bias correction too', async () => {
    const { plugins, alpha } = masked();
    const trainer = makeTrainer({ plugins, optimizer: adamw({ ...constants, eps: 0 }) });
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
        const own = tf.sum(tf.mul(targets, fixed(float32([2], [10, 1000]))));
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
        ...weights.flatMap((name) => [`optimizer:m:weight:${name}`, `optimizer:v:weight:${name}`]),
        ...['slots/centres', 'slots/alpha', 'optimizer:m:slots/alpha', 'optimizer:v:slots/alpha'],
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
      'optimizer:m:weight:head.bias: int32 [2] instead of float32 [2]',
      (arrays) => ({ ...arrays, 'optimizer:m:weight:head.bias': int32([2], [0, 0]) }),
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
    contract: 1,
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
