import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import type { ArraySlot } from '../engine/slots.ts';
import { float32, int32, type NdArray } from '../ground/array.ts';
import type { Generator } from '../ground/random.ts';
import { readSafetensors } from '../ground/safetensors.ts';
import type { Dataset, ImageSet } from '../model/batch.ts';
import { loadModel } from '../model/checkpoint.ts';
import type { Progress } from '../model/clock.ts';
import { plainPreprocessing } from '../model/preprocessing.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import { classification } from './classification.ts';
import { evaluate } from './classification-evaluation.ts';
import type { EpochRecord } from './epoch-record.ts';
import type { PieceReport, SearchOptions, StepReport } from './fit-options.ts';
import { compileInference } from './inference.ts';
import { plainPlugin, regression, tinyImages, tinyModel } from './testing.ts';
import { TrainingLoop } from './training-loop.ts';

let engine: Engine;
let directory: string;
beforeEach(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
  directory = await mkdtemp(join(tmpdir(), 'kcr-training-loop-'));
});
afterEach(async () => {
  await engine.dispose();
  await rm(directory, { recursive: true });
});

const model = tinyModel(regression);

/** Images (i, 1) of alternating classes. */
const numbered = (n: number): Dataset =>
  tinyImages(
    Array.from({ length: n }, (_, i) => [i, 1]),
    Array.from({ length: n }, (_, i) => i % 2),
  );

interface Step {
  group: string;
  indices: number[];
  lr: number;
}

/** Runs a loop and tells its steps. */
async function run(change: Partial<SearchOptions> = {}, stage: 'fit' | 'search' = 'fit') {
  const options = {
    model,
    engine,
    train: numbered(6),
    epochs: 1,
    batchSize: 2,
    seed: 1,
    optimizer: { lr: 0.01 },
  };
  const loop = new TrainingLoop({ ...options, ...change }, stage);
  const calls = vi.spyOn(loop.trainer, 'step').mock.calls;
  try {
    const { weights, history } = await loop.run();
    const steps = calls.map(
      ([group, , indices, lr]): Step => ({ group, indices: [...indices], lr }),
    );
    return { weights, history, steps };
  } finally {
    await loop.trainer.dispose();
  }
}

/** A plugin with an architecture parameter. */
const mask = plainPlugin('mask', (run) => {
  const alpha = run.parameter('alpha', float32([], [1]));
  return { loss: () => tf.square(alpha.value) };
});

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

const values = (weights: StateDict) =>
  Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, [...data]]));

/** A history without its times. */
const timeless = (history: readonly EpochRecord[]) =>
  history.map(({ seconds, ...record }) => record);

describe('an epoch', () => {
  test('has every image once, in an order of its own', async () => {
    const { steps } = await run({ epochs: 5 });
    const epochs = [0, 1, 2, 3, 4].map((i) => steps.slice(3 * i, 3 * i + 3));
    const orders = epochs.map((own) => own.flatMap(({ indices }) => indices));
    for (const order of orders) expect(ascending(order)).toEqual([0, 1, 2, 3, 4, 5]);
    // All in one order: a chance of 720^-4.
    expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(1);
  });

  test('has full batches only', async () => {
    const { steps } = await run({ train: numbered(5) });
    expect(steps.map(({ indices }) => indices.length)).toEqual([2, 2]);
  });

  test('has each image several times in a row with augmentation repeats, and as many images', async () => {
    const { steps } = await run({ augRepeats: 3, batchSize: 3 });
    expect(steps).toHaveLength(2);
    for (const { indices } of steps) expect(new Set(indices).size).toBe(1);
    expect(steps[0]!.indices[0]).not.toBe(steps[1]!.indices[0]);
  });

  describe.each(['fit', 'search'] as const)('of a %s', (stage) => {
    const search = { plugins: [mask], architectureShare: 0.5, batchSize: 1 };
    const options = {
      epochs: 4,
      validation: numbered(6),
      ...(stage === 'search' ? search : {}),
    };
    const validated = (history: readonly EpochRecord[]) =>
      history.map((record) => Object.keys(record).filter((name) => /^val.*Top1$/.test(name)));
    const [all, some] =
      stage === 'search'
        ? [
            ['valTop1', 'valSoftTop1'],
            ['valSampleTop1', 'valSampleSoftTop1'],
          ]
        : [['valTop1'], ['valSampleTop1']];

    test.each<[string, object, (typeof all)[]]>([
      ['by default all', {}, [all, all, all, all]],
      ['less often', { evaluateEvery: 3 }, [[], [], all, all]],
      ['a sample, and all at the end', { evaluateImages: 2 }, [some, some, some, all]],
    ])('evaluates %s, and trains alike', async (_, watching, expected) => {
      const plain = await run(options, stage);
      const { history, weights } = await run({ ...options, ...watching }, stage);
      expect(validated(history)).toEqual(expected);
      expect(values(weights)).toEqual(values(plain.weights));
      expect(history.map(({ loss }) => loss)).toEqual(plain.history.map(({ loss }) => loss));
      expect(timeless(history).at(-1)).toEqual(timeless(plain.history).at(-1));
    });
  });

  test('augments each batch with a stream of its own, and validation not at all', async () => {
    const streams = async (change: Partial<SearchOptions> = {}) => {
      const drawn: (number | undefined)[][] = [[], []];
      const watched = (set: Dataset, own: (number | undefined)[]): Dataset => ({
        ...set,
        batch(indices, generator?: Generator) {
          own.push(generator?.uniform());
          return set.batch(indices, generator);
        },
      });
      const train = watched(numbered(6), drawn[0]!);
      const validation = watched(numbered(2), drawn[1]!);
      await run({ epochs: 2, train, validation, ...change });
      return drawn;
    };
    const [train, validation] = await streams();
    expect(new Set(train).size).toBe(6);
    expect(train).not.toContain(undefined);
    expect(validation).toEqual([undefined, undefined]);
    expect(await streams()).toEqual([train, validation]);
  });

  test('has updates of several batches, of the images that larger batches would have', async () => {
    const settings = { train: numbered(13), epochs: 2, emaDecay: 0.5 };
    const large = await run({ ...settings, batchSize: 6 });
    const reports: StepReport[] = [];
    const onStep = (report: StepReport) => reports.push(report);
    const within: PieceReport[] = [];
    const onPiece = (report: PieceReport) => within.push(report);
    const pieces = await run({ ...settings, batchSize: 2, accumulate: 3, onStep, onPiece });
    expect(within.map(({ epoch, step, piece, pieces }) => [epoch, step, piece, pieces])).toEqual(
      [0, 1].flatMap((epoch) =>
        [0, 1].flatMap((step) => [1, 2, 3].map((piece) => [epoch, step, piece, 3])),
      ),
    );
    expect(pieces.steps).toEqual(large.steps);
    expect(pieces.steps).toHaveLength(4);
    expect(reports.map(({ step, steps }) => [step, steps])).toEqual([
      [1, 2],
      [2, 2],
      [1, 2],
      [2, 2],
    ]);
    for (const [name, expected] of Object.entries(values(large.weights)))
      expect([name, ...values(pieces.weights)[name]!]).toEqual([
        name,
        ...expected.map((value) => expect.closeTo(value, 6)),
      ]);
    pieces.history.forEach(({ loss, lr }, i) => {
      expect(loss).toBeCloseTo(large.history[i]!.loss!, 6);
      expect(lr).toBe(large.history[i]!.lr);
    });
  });

  test('draws noise of its own', async () => {
    const noisy = plainPlugin('noisy', (attached) => {
      const noise = attached.noise('u', [1], 'normal');
      return { loss: () => noise.value };
    });
    const { history } = await run({ epochs: 3, plugins: [noisy], optimizer: { lr: 0 } });
    const drawn = history.map(({ loss, crossEntropy }) => (loss! - crossEntropy!).toFixed(4));
    expect(new Set(drawn).size).toBeGreaterThan(1);
  });
});

describe('the learning rate', () => {
  test('goes step by step over the run; the record has the last', async () => {
    const optimizer = { lr: 0.01, minLr: 0.001, warmupEpochs: 1, decay: 'linear' } as const;
    const { steps, history } = await run({ train: numbered(4), epochs: 3, optimizer });
    const expected = [0.001, 0.0055, 0.01, 0.00775, 0.0055, 0.00325];
    expect(steps.map(({ lr }) => lr)).toEqual(expected.map((lr) => expect.closeTo(lr, 12)));
    expect(history.map(({ lr }) => lr)).toEqual([steps[1]!.lr, steps[3]!.lr, steps[5]!.lr]);
  });

  test('begins at a hundredth by default', async () => {
    const { steps } = await run({ optimizer: { lr: 0.2, warmupEpochs: 1 } });
    expect(steps[0]!.lr).toBeCloseTo(0.002, 12);
  });

  test('of 0 leaves the weights that it starts from', async () => {
    const initial = { 'head.weight': float32([2, 2], [1, 2, 3, 4]), 'head.bias': float32([2], 5) };
    const { weights } = await run({ initial, optimizer: { lr: 0 } });
    expect(values(weights)).toEqual(values(initial));
  });
});

describe('the record of an epoch', () => {
  test('has the means over the steps, and is told when the steps are', async () => {
    const reports: StepReport[] = [];
    const records: EpochRecord[] = [];
    const constant = plainPlugin('constant', () => ({ loss: () => tf.scalar(2) }));
    const { history } = await run({
      epochs: 2,
      plugins: [constant],
      onStep: (report) => reports.push(report),
      onEpoch: (record) => records.push(record),
    });
    expect(records).toEqual(history);
    expect(reports.map(({ epoch, epochs, step, steps }) => [epoch, epochs, step, steps])).toEqual([
      [0, 2, 1, 3],
      [0, 2, 2, 3],
      [0, 2, 3, 3],
      [1, 2, 1, 3],
      [1, 2, 2, 3],
      [1, 2, 3, 3],
    ]);
    history.forEach((record, i) => {
      const losses = reports.slice(3 * i, 3 * i + 3).map(({ loss }) => loss);
      expect(Object.keys(record)).toEqual(['epoch', 'lr', 'loss', 'crossEntropy', 'seconds']);
      expect(record.epoch).toBe(i + 1);
      expect(record.loss).toBeCloseTo((losses[0]! + losses[1]! + losses[2]!) / 3, 10);
      expect(record.loss! - record.crossEntropy!).toBeCloseTo(2, 5);
      expect(record.seconds).toBeGreaterThan(0);
    });
  });

  test.each([undefined, 0.5])(
    'validates the weights that are given back; average: %s',
    async (emaDecay) => {
      const validation = numbered(5);
      const { weights, history } = await run({
        epochs: 2,
        validation,
        emaDecay,
        optimizer: { lr: 0.3 },
      });
      engine.set(weights);
      await using inference = compileInference(engine, model);
      const { top1, top5, loss } = await evaluate(inference, validation, 2);
      expect(history[1]).toMatchObject({ valTop1: top1, valTop5: top5, valLoss: loss });
      expect(history[0]!.valLoss).not.toBe(loss);
    },
  );
});

describe('a search', () => {
  const searching = { train: numbered(10), batchSize: 1, plugins: [mask], epochs: 1 };
  const imagesOf = (steps: readonly Step[], group: string) =>
    ascending([...new Set(steps.filter((step) => step.group === group).flatMap((s) => s.indices))]);

  test('trains the two groups on parts of the images that stay apart', async () => {
    const { steps } = await run({ ...searching, epochs: 2 }, 'search');
    const [weights, architecture] = [imagesOf(steps, 'weights'), imagesOf(steps, 'architecture')];
    expect([weights!.length, architecture!.length]).toEqual([7, 3]);
    expect(ascending([...weights!, ...architecture!])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test.each([
    [undefined, 'WWAWWAWWAW'],
    [0.5, 'WAWAWAWAWA'],
    [0.8, 'WAAAAWAAAA'],
  ])('takes their steps in turn, in proportion; share %s', async (architectureShare, turns) => {
    const { steps } = await run({ ...searching, architectureShare }, 'search');
    expect(steps.map(({ group }) => group[0]!.toUpperCase()).join('')).toBe(turns);
  });

  test('gives each group a schedule over its own steps', async () => {
    const linear = { minLr: 0, decay: 'linear' } as const;
    const rates = async (architectureOptimizer?: SearchOptions['optimizer']) => {
      const optimizer = { lr: 0.1, ...linear };
      const settings = { ...searching, architectureShare: 0.2, optimizer, architectureOptimizer };
      const { steps } = await run(settings, 'search');
      return ['weights', 'architecture'].map((group) =>
        steps.filter((step) => step.group === group).map(({ lr }) => lr),
      );
    };
    const fall = (lr: number, steps: number) =>
      Array.from({ length: steps }, (_, i) => expect.closeTo(lr * (1 - i / steps), 12));
    expect(await rates()).toEqual([fall(0.1, 8), fall(0.1, 2)]);
    expect(await rates({ lr: 0.5, ...linear })).toEqual([fall(0.1, 8), fall(0.5, 2)]);
  });

  test('with frozen weights trains the architecture alone, on all images', async () => {
    const initial = { 'head.weight': float32([2, 2], [1, 2, 3, 4]), 'head.bias': float32([2], 5) };
    const frozen = { ...searching, initial, freezeWeights: true };
    const { steps, weights } = await run(frozen, 'search');
    expect(imagesOf(steps, 'architecture')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(steps).toHaveLength(10);
    expect(values(weights)).toEqual(values(initial));
    await expect(run({ ...frozen, initial: undefined }, 'search')).rejects.toMatchObject({
      code: 'OPTION',
      where: 'freezeWeights',
    });
  });

  test('has updates of several batches in both groups', async () => {
    const large = await run({ ...searching, batchSize: 2 }, 'search');
    const pieces = await run({ ...searching, batchSize: 1, accumulate: 2 }, 'search');
    expect(pieces.steps).toEqual(large.steps);
    expect(pieces.steps.map(({ group, indices }) => [group, indices.length])).toEqual(
      ['weights', 'weights', 'architecture', 'weights'].map((group) => [group, 2]),
    );
  });

  test('trains no weights where all are frozen by name', async () => {
    const initial = { 'head.weight': float32([2, 2], [1, 2, 3, 4]), 'head.bias': float32([2], 5) };
    const settings = { ...searching, initial };
    const byName = await run({ ...settings, trainable: [] }, 'search');
    expect(byName.steps).toEqual((await run({ ...settings, freezeWeights: true }, 'search')).steps);
    expect(values(byName.weights)).toEqual(values(initial));
    const partly = await run({ ...settings, freeze: ['head.bias'] }, 'search');
    expect(partly.steps.some(({ group }) => group === 'weights')).toBe(true);
    expect(values(partly.weights)['head.bias']).toEqual([5, 5]);
  });

  test('has an optimiser of its own for the architecture', async () => {
    // A first step of AdamW is as long as its rate, whatever its betas; the second is not.
    const alphas = async (more: object) => {
      let slot: ArraySlot | undefined;
      const steep = plainPlugin('steep', (attached) => {
        const alpha = attached.parameter('alpha', float32([], [1]));
        slot = alpha;
        return {
          loss: () => tf.square(alpha.value),
          metrics: async () => ({ alpha: (await slot!.read()).data[0]! }),
        };
      });
      const architectureOptimizer = { lr: 0.1, ...more };
      const { history } = await run(
        { ...searching, plugins: [steep], architectureOptimizer },
        'search',
      );
      return history[0]!.alpha!;
    };
    const plain = await alphas({});
    expect(await alphas({ betas: [0.9, 0.999] })).toBe(plain);
    expect(await alphas({ betas: [0.1, 0.2] })).not.toBeCloseTo(plain, 4);
    expect(await alphas({ name: 'sgd', momentum: 0 })).not.toBeCloseTo(plain, 3);
  });

  test('tells plugins how far their parameters can move', async () => {
    const travels: number[] = [];
    const telling = plainPlugin('telling', ({ travel }) => {
      travels.push(travel);
      return {};
    });
    const architectureOptimizer = { lr: 0.5, minLr: 0.5 };
    const plugins = [mask, telling];
    await run({ ...searching, plugins, architectureOptimizer, epochs: 2 }, 'search');
    await run({ ...searching, plugins, optimizer: { lr: 0.1, minLr: 0.1 }, epochs: 2 });
    // 3 of the 10 images are the architecture's; fitting trains it with the weights.
    expect(travels).toEqual([6 * 0.5, 20 * 0.1].map((sum) => expect.closeTo(sum, 12)));
  });

  test('is validated with the masks of evaluation and with those of training', async () => {
    const doubling = plainPlugin('doubling', () => ({
      tap: (value, { training }) => (training ? tf.mul(value, 0) : value),
    }));
    const initial = { 'head.weight': float32([2, 2], [1, -1, -1, 1]), 'head.bias': float32([2]) };
    const validation = numbered(4);
    const options = { ...searching, initial, validation, optimizer: { lr: 0 } };
    const { history } = await run({ ...options, plugins: [mask, doubling] }, 'search');
    // Features of 0 leave the biases, which are equal.
    expect(history[0]!.valSoftLoss).toBeCloseTo(Math.log(2), 6);
    expect(history[0]!.valLoss).not.toBeCloseTo(Math.log(2), 1);
    expect((await run({ ...options, plugins: [mask] })).history[0]).not.toHaveProperty(
      'valSoftTop1',
    );
  });

  test('is another thing than fitting, which trains both at once on all images', async () => {
    const { steps } = await run(searching);
    expect(imagesOf(steps, 'all')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(steps).toHaveLength(10);
  });
});

describe('plugins', () => {
  test('are refreshed before the first epoch and after each, and then asked for metrics', async () => {
    const told: [string, Progress][] = [];
    const watching = plainPlugin('watching', () => ({
      refresh: async ({ epoch, epochs, step }) =>
        void told.push(['refresh', { epoch, epochs, step }]),
      observe: () => void told.push(['observe', { epoch: 0, epochs: 0, step: 0 }]),
      async metrics(progress) {
        told.push(['metrics', { ...progress }]);
        return { told: told.length };
      },
    }));
    const { history } = await run({ epochs: 2, plugins: [watching], batchSize: 3 });
    const steps: [string, Progress][] = [0, 1].map(() => [
      'observe',
      { epoch: 0, epochs: 0, step: 0 },
    ]);
    expect(told).toEqual([
      ['refresh', { epoch: 0, epochs: 2, step: 0 }],
      ...steps,
      ['refresh', { epoch: 1, epochs: 2, step: 1 }],
      ['metrics', { epoch: 0, epochs: 2, step: 1 }],
      ...steps,
      ['refresh', { epoch: 2, epochs: 2, step: 3 }],
      ['metrics', { epoch: 1, epochs: 2, step: 3 }],
    ]);
    expect(history.map((record) => record.told)).toEqual([5, 9]);
  });

  test('read features, images and labels of the training images in a refresh', async () => {
    const found: unknown[] = [];
    const reading = plainPlugin('reading', () => ({
      async refresh({ features, images, labels, epoch }) {
        if (epoch > 0) return;
        found.push(await features(), await features(Int32Array.of(2, 0)), [...labels]);
        for await (const image of images(Int32Array.of(1, 2, 0))) found.push([...image.data]);
      },
    }));
    await run({ train: numbered(3), plugins: [reading] });
    expect(found).toEqual([
      float32([3, 2], [0, 1, 1, 1, 2, 1]),
      float32([2, 2], [2, 1, 0, 1]),
      [0, 1, 0],
      [1, 1, 2, 1],
      [0, 1],
    ]);
  });

  test('read the same of the validation images, where there are any', async () => {
    const found: unknown[] = [];
    const reading = plainPlugin('reading', () => ({
      async refresh({ validation, epoch }) {
        if (epoch > 0) return;
        found.push(validation && [await validation.features(), [...validation.labels]]);
        for await (const image of validation?.images() ?? []) found.push([...image.data]);
      },
    }));
    await run({ train: numbered(5), validation: numbered(2), plugins: [reading] });
    await run({ train: numbered(5), plugins: [reading] });
    expect(found).toEqual([[float32([2, 2], [0, 1, 1, 1]), [0, 1]], [0, 1, 1, 1], undefined]);
  });

  test('are told where images have no labels', async () => {
    const reading = plainPlugin('reading', () => ({
      refresh: async ({ labels }) => void labels.length,
    }));
    const { labels, ...train } = numbered(4);
    await expect(run({ train, plugins: [reading] })).rejects.toMatchObject({
      code: 'TASK_CLASSES',
      where: 'plugin "reading", refresh: labels',
    });
  });

  test('warn by name', async () => {
    const warnings: string[] = [];
    const warning = plainPlugin('mask', (attached) => ({
      refresh: async () => attached.warn('it has collapsed'),
    }));
    await run({ plugins: [warning], onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual(['mask: it has collapsed', 'mask: it has collapsed']);
  });
});

describe('snapshots', () => {
  /** Gives [epoch, step]. */
  const counting = plainPlugin('counting', () => ({
    snapshot: async ({ epoch, step }) => ({ where: float32([2], [epoch, step]) }),
  }));
  const options = { train: numbered(4), epochs: 3, plugins: [counting] };
  const where = 'counting/where';

  test('are kept of every epoch, also of a run that was interrupted', async () => {
    const stop = (record: EpochRecord) => {
      if (record.epoch === 2) throw new Error('stop');
    };
    await expect(run({ ...options, directory, onEpoch: stop })).rejects.toThrow('stop');
    await run({ ...options, directory });
    const { tensors } = await readSafetensors(join(directory, 'snapshots.safetensors'));
    expect(tensors).toEqual({ [where]: float32([3, 2], [0, 1, 1, 3, 2, 5]) });
  });

  test.each([
    ['NaN', float32([2], [0, Number.NaN])],
    ['int32', int32([2], [0, 0])],
    ['another shape', float32([3])],
    ['another name', undefined],
  ])('are refused where they are %s', async (_, array) => {
    const changing = plainPlugin('changing', () => ({
      async snapshot({ epoch }): Promise<Record<string, NdArray>> {
        if (epoch === 0) return { where: float32([2]) };
        return array ? { where: array } : { elsewhere: float32([2]) };
      },
    }));
    await expect(run({ ...options, plugins: [changing] })).rejects.toMatchObject({
      code: 'PLUGIN_SNAPSHOT',
    });
  });
});

test('the same seed gives the same run, another seed another', async () => {
  const noisy = plainPlugin('noisy', (attached) => {
    const noise = attached.noise('u', [1], 'normal');
    return { loss: ({ logits }) => tf.mean(tf.mul(logits, noise.value)) };
  });
  const one = await run({ epochs: 2, plugins: [noisy] });
  const same = await run({ epochs: 2, plugins: [noisy] });
  const other = await run({ epochs: 2, plugins: [noisy], seed: 2 });
  expect([same.steps, values(same.weights)]).toEqual([one.steps, values(one.weights)]);
  expect(timeless(same.history)).toEqual(timeless(one.history));
  expect(values(other.weights)).not.toEqual(values(one.weights));
});

describe('a run in a folder', () => {
  /** A plugin whose loss depends on noise and on what it made of the epoch before. */
  const remembering = () => {
    let refreshed = 0;
    const attached = plainPlugin('remembering', (run) => {
      const seen = run.hostBuffer('seen', float32([1])).data;
      const centre: ArraySlot = run.buffer('centre', float32([], [1]));
      const noise = run.noise('noise', [], 'normal');
      return {
        loss: ({ logits }) => tf.mean(tf.square(tf.sub(logits, tf.add(centre.value, noise.value)))),
        observe: ({ features }) => void (seen[0]! += features.data[0]!),
        async refresh() {
          refreshed++;
          if (seen[0]! > 0) centre.assign(float32([], [seen[0]! / 10]));
          seen[0] = 0;
        },
      };
    });
    return { attached, refreshes: () => refreshed };
  };

  test.each([1, 2])('that is killed in epoch %i goes on to the same bits', async (epochs) => {
    const settings = { epochs: 3, emaDecay: 0.5, optimizer: { lr: 0.1, warmupEpochs: 1 } };
    const whole = await run({ ...settings, plugins: [remembering().attached] });

    const killed = run({
      ...settings,
      directory,
      plugins: [remembering().attached],
      onStep({ epoch, step }) {
        if (epoch === epochs && step === 2) throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    const { attached, refreshes } = remembering();
    const records: EpochRecord[] = [];
    const resumed = await run({
      ...settings,
      directory,
      plugins: [attached],
      onEpoch: (record) => records.push(record),
    });

    expect(resumed.steps).toEqual(whole.steps.slice(3 * epochs));
    expect(values(resumed.weights)).toEqual(values(whole.weights));
    expect(timeless(resumed.history)).toEqual(timeless(whole.history));
    expect(records).toEqual(resumed.history.slice(epochs));
    expect(refreshes()).toBe(3 - epochs);
  });

  describe.each(['fit', 'search'] as const)('of a %s', (stage) => {
    const settings: Partial<SearchOptions> = {
      train: numbered(12),
      epochs: 2,
      emaDecay: 0.5,
      optimizer: { lr: 0.1, warmupEpochs: 1 },
      architectureShare: 0.5,
      checkpointEvery: 0,
    };
    const more = () => (stage === 'search' ? [mask] : []);

    test.each([
      [0, 1],
      [0, 5],
      [1, 1],
      [1, 3],
    ])(
      'that is killed in epoch %i after %i updates goes on after them',
      async (epochs, updates) => {
        const plugins = [remembering().attached, ...more()];
        const whole = await run({ ...settings, plugins }, stage);
        const onStep = ({ epoch, step }: StepReport) => {
          if (epoch === epochs && step === updates) throw new Error('killed');
        };
        const killed = run(
          { ...settings, directory, onStep, plugins: [remembering().attached, ...more()] },
          stage,
        );
        await expect(killed).rejects.toThrow('killed');
        const { attached, refreshes } = remembering();
        const told: number[] = [];
        const resumed = await run(
          {
            ...settings,
            directory,
            plugins: [attached, ...more()],
            onStep: ({ step }) => told.push(step),
          },
          stage,
        );

        expect(resumed.steps).toEqual(whole.steps.slice(6 * epochs + updates));
        expect(told[0]).toBe(updates + 1);
        expect(values(resumed.weights)).toEqual(values(whole.weights));
        expect(timeless(resumed.history)).toEqual(timeless(whole.history));
        expect(refreshes()).toBe(2 - epochs);
      },
    );
  });

  test('that is killed in an epoch has the model and the metrics of the epoch before beside it', async () => {
    const settings = { epochs: 2, checkpointEvery: 0, directory };
    const files = ['model.json', 'model.safetensors', 'metrics.jsonl'];
    const read = () => Promise.all(files.map((file) => readFile(join(directory, file))));
    let after: Buffer[] = [];
    const onStep = ({ epoch, step }: StepReport) => {
      if (epoch === 1 && step >= 2) throw new Error('killed');
    };
    const onEpoch = () => void (after = files.map((file) => readFileSync(join(directory, file))));
    await expect(run({ ...settings, onStep, onEpoch })).rejects.toThrow('killed');
    expect(await read()).toEqual(after);
    // Going on makes metrics again, and leaves the model of the epoch.
    await writeFile(join(directory, 'metrics.jsonl'), 'damaged');
    await expect(run({ ...settings, onStep })).rejects.toThrow('killed');
    expect(await read()).toEqual(after);
  });

  test('is saved within epochs by the clock alone', async () => {
    const path = join(directory, 'training.safetensors');
    const saved: boolean[] = [];
    const onStep = () => void saved.push(existsSync(path));
    await run({ directory, onStep, checkpointEvery: 3600 });
    expect(saved).toEqual([false, false, false]);
    await rm(directory, { recursive: true });
    await run({ directory, onStep, checkpointEvery: 0 });
    expect(saved.slice(3)).toEqual([true, true, true]);
  });

  test('is saved after epochs alone where a plugin would forget what it has observed', async () => {
    const forgetful = plainPlugin('forgetful', () => ({ observe: () => {} }));
    const onWarning = vi.fn();
    const saved: boolean[] = [];
    const onStep = () => void saved.push(existsSync(join(directory, 'training.safetensors')));
    const plugins = [remembering().attached, forgetful];
    await run({ directory, onStep, onWarning, checkpointEvery: 0, plugins });
    expect(saved).toEqual([false, false, false]);
    expect(onWarning.mock.calls).toEqual([
      [expect.stringContaining('plugin "forgetful" observes steps and has no hostBuffer')],
    ]);
  });

  test('that is done takes no step again', async () => {
    const once = await run({ epochs: 2, directory });
    const again = await run({ epochs: 2, directory });
    expect(again.steps).toEqual([]);
    expect(again.history).toEqual(once.history);
    expect(values(again.weights)).toEqual(values(once.weights));
  });

  test('that is done makes a model and metrics again that were damaged', async () => {
    await run({ epochs: 2, directory });
    const files = ['model.json', 'model.safetensors', 'metrics.jsonl'];
    const read = () => Promise.all(files.map((file) => readFile(join(directory, file))));
    const made = await read();
    for (const file of files) await writeFile(join(directory, file), 'damaged');
    await run({ epochs: 2, directory });
    expect(await read()).toEqual(made);
  });

  test('reads images only as the same: other pixels are another run', async () => {
    const withPixels = (pixels: string): Dataset => ({
      ...numbered(6),
      identity: async () => ({ pixels }),
    });
    await run({ train: withPixels('aa'), directory });
    await expect(run({ train: withPixels('bb'), directory })).rejects.toMatchObject({
      code: 'RESUME_MISMATCH',
      found: 'a run with another data.train.pixels (saved aa, now bb)',
    });
  });

  test('asks for no identity of images where nothing is saved', async () => {
    const identity = () => Promise.reject(new Error('read'));
    await run({ train: { ...numbered(6), identity } });
  });

  test.each<[string, Partial<SearchOptions>]>([
    ['options.epochs', { epochs: 3 }],
    ['options.batchSize', { batchSize: 3 }],
    ['options.seed', { seed: 2 }],
    ['options.optimizer.lr', { optimizer: { lr: 1 } }],
    ['options.labelSmoothing', { labelSmoothing: 0.1 }],
    ['options.clipGrad', { clipGrad: 1 }],
    ['options.emaDecay', { emaDecay: 0.5 }],
    ['options.accumulate', { accumulate: 2 }],
    ['options.freeze', { freeze: ['head.bias'] }],
    ['options.trainable', { trainable: ['head.bias'] }],
    ['options.clipMode', { clipGrad: 1, clipMode: 'value' }],
    ['options.optimizer.name', { optimizer: { lr: 0.01, name: 'sgd' } }],
    ['options.optimizer.lrFactors', { optimizer: { lr: 0.01, lrFactors: { head: 2 } } }],
    ['options.augRepeats', { augRepeats: 2 }],
    ['data.train.images', { train: numbered(7) }],
    ['data.train.labels', { train: { ...numbered(6), labels: Int32Array.of(1, 0, 0, 1, 0, 1) } }],
    ['data.validation', { validation: numbered(2) }],
    ['versions.a (saved nothing, now 1.0.0)', { versions: { a: '1.0.0' } }],
    ['extensions', { plugins: [mask] }],
  ])('does not go on with another %s', async (path, change) => {
    await run({ directory });
    await expect(run({ directory, ...change })).rejects.toMatchObject({
      code: 'RESUME_MISMATCH',
      found: expect.stringContaining(path),
    });
  });

  const cropped = (set: ImageSet, crop_pct: number): ImageSet => ({
    ...set,
    input: { ...plainPreprocessing([1, 1, 2]), crop_pct },
  });

  test.each<[string, Partial<SearchOptions>, number]>([
    [
      'validation images',
      { train: cropped(numbered(6), 0.7), validation: cropped(numbered(2), 0.9) },
      0.9,
    ],
    ['training images without validation', { train: cropped(numbered(6), 0.7) }, 0.7],
    ['plain images where none says', {}, 1],
  ])('saves the model with its classes and the input of %s', async (_, change, crop_pct) => {
    const { weights } = await run({ ...change, directory });
    const saved = await loadModel(directory, {
      architecture: () => model.architecture,
      adapter: () => {
        throw new Error('no adapter was saved');
      },
    });
    expect(saved.info.classes).toEqual(['class 0', 'class 1']);
    expect(saved.info.input).toEqual({ ...plainPreprocessing([1, 1, 2]), crop_pct });
    expect(values(saved.weights)).toEqual(values(weights));
  });

  test('keeps a line of metrics for each epoch', async () => {
    const { history } = await run({ epochs: 2, directory });
    const lines = (await readFile(join(directory, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(history);
  });
});

describe('trainings that are shared', () => {
  const named = (n: number): Dataset => ({ ...numbered(n), identity: async () => ({ pixels: n }) });
  const shared = (name: string, change: Partial<SearchOptions> = {}) =>
    run({
      epochs: 2,
      train: named(6),
      directory: join(directory, name),
      cache: join(directory, 'cache'),
      ...change,
    });
  const kept = () => readdir(join(directory, 'cache'));

  test('one that has ended is taken and not done again, with all that it left', async () => {
    const first = await shared('a');
    const second = await shared('b');
    expect(second.steps).toEqual([]);
    expect(second.history).toEqual(first.history);
    expect(values(second.weights)).toEqual(values(first.weights));
    const read = (name: string) =>
      Promise.all(
        ['model.json', 'model.safetensors', 'metrics.jsonl', 'training.safetensors'].map((file) =>
          readFile(join(directory, name, file)),
        ),
      );
    expect(await read('b')).toEqual(await read('a'));
    expect(await kept()).toHaveLength(1);
    // What becomes of the one is nothing to the other.
    await rm(join(directory, 'a'), { recursive: true });
    expect((await shared('b')).steps).toEqual([]);
  });

  test('one that was killed is not', async () => {
    const onEpoch = () => {
      throw new Error('killed');
    };
    await expect(shared('a', { onEpoch })).rejects.toThrow('killed');
    expect((await shared('b')).steps).toHaveLength(6);
    // A run that has begun goes on with its own.
    expect((await shared('a')).steps).toHaveLength(3);
  });

  test.each<[string, Partial<SearchOptions>]>([
    ['of another seed', { seed: 2 }],
    ['of other images', { train: named(7) }],
    ['with another plugin', { plugins: [mask] }],
  ])('one %s is another', async (_, change) => {
    await shared('a');
    expect((await shared('b', change)).steps).not.toEqual([]);
    expect(await kept()).toHaveLength(2);
  });

  test('one whose images do not say which they are is never taken', async () => {
    const change = { validation: numbered(2) };
    await shared('a', change);
    expect((await shared('b', change)).steps).toHaveLength(6);
  });
});

describe('what is refused before the first step', () => {
  test.each<[string, string, Partial<SearchOptions>, 'fit' | 'search']>([
    ['BATCH_SIZE', 'training data for the weights', { batchSize: 0 }, 'fit'],
    ['BATCH_SIZE', 'training data for the weights', { batchSize: Number.NaN }, 'fit'],
    ['BATCH_SIZE', 'training data for the weights', { batchSize: 7 }, 'fit'],
    ['BATCH_SIZE', 'training data for the weights', { batchSize: 2, accumulate: 4 }, 'fit'],
    ['OPTION', 'freeze', { freeze: ['head'] }, 'fit'],
    ['OPTION', 'trainable', { trainable: ['heads'] }, 'fit'],
    ['OPTION', 'optimizer.lrFactors', { optimizer: { lr: 1, lrFactors: { x: 2 } } }, 'fit'],
    ['BATCH_SIZE', 'training data for the weights', { batchSize: 5 }, 'search'],
    ['BATCH_SIZE', 'training data for the architecture', { batchSize: 3 }, 'search'],
    ['DATASET_EMPTY', 'training data', { train: { ...numbered(6), length: 0 } }, 'fit'],
    ['DATASET_CLASSES', 'validation data', { validation: tinyImages([[0, 1]], [0], 3) }, 'fit'],
  ])('%s: %s', (code, where, change, stage) => {
    const options = { model, engine, train: numbered(6), epochs: 1, batchSize: 2, seed: 1 };
    expect(
      () => new TrainingLoop({ ...options, optimizer: { lr: 0.1 }, ...change }, stage),
    ).toThrow(expect.objectContaining({ code, where }));
  });

  test('the largest batch is all images of the part', async () => {
    expect((await run({ batchSize: 6 })).steps).toHaveLength(1);
  });
});

test.each([{}, undefined])('a loss of no terms is refused: %j', async (none) => {
  const task: Task = { ...classification, losses: () => none as never };
  await expect(run({ model: tinyModel(regression, { task }) })).rejects.toThrow(
    expect.objectContaining({ code: 'LOSS_TERM', found: 'no term of a loss' }),
  );
});

test('a term of the loss does not take the place of another number of the log', async () => {
  const task: Task = { ...classification, losses: ({ logits }) => ({ lr: tf.sum(logits) }) };
  await expect(run({ model: tinyModel(regression, { task }) })).rejects.toThrow(
    expect.objectContaining({ code: 'LOSS_TERM', where: 'task "classification"' }),
  );
});
