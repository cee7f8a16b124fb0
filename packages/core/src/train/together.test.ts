import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, vit } from '@kcr/backbones';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import type { Communicator } from '../engine/communicator.ts';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32, int32, type NdArray, sizeOf } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { batchNorm } from '../layers/norm.ts';
import type { Architecture } from '../model/architecture.ts';
import type { Dataset } from '../model/batch.ts';
import { Model } from '../model/model.ts';
import { fit } from './fit.ts';
import type { FitOptions, FitResult, StepReport } from './fit-options.ts';
import { plainPlugin, regression, tinyModel } from './testing.ts';

/** Ranks of one process: what each gives is there when all have given it. */
function ranks(size: number): Communicator[] {
  const calls = new Map<number, { given: unknown[]; there: Promise<void>; done(): void }>();
  const counts = new Array<number>(size).fill(0);
  const exchanged = async <T>(rank: number, own: T): Promise<T[]> => {
    const turn = counts[rank]!++;
    let call = calls.get(turn);
    if (!call) {
      const { promise: there, resolve: done } = withResolvers();
      calls.set(turn, (call = { given: [], there, done }));
    }
    call.given[rank] = own;
    if (Object.keys(call.given).length === size) call.done();
    await call.there;
    return call.given as T[];
  };
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async allReduce(data) {
      const all = await exchanged(rank, data.slice());
      data.forEach((_, i) => {
        data[i] = all.reduce((sum, other) => sum + other[i]!, 0);
      });
    },
    allGather: (data) => exchanged(rank, data.slice()),
    async barrier() {
      await exchanged(rank, undefined);
    },
    async leave() {},
  }));
}

function withResolvers() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const eager = () => createEagerEngine({ backend: 'cpu' });

/** Trains in so many processes; all have to end alike. */
async function together(
  size: number,
  options: Omit<FitOptions, 'engine'>,
  makeEngine: () => Engine | Promise<Engine> = eager,
): Promise<FitResult> {
  const results = await Promise.all(
    ranks(size).map(async (communicator) => {
      await using engine = await makeEngine();
      return await fit({ ...options, engine, communicator: size === 1 ? undefined : communicator });
    }),
  );
  const [first, ...others] = results;
  const { seconds: _, ...last } = first!.history.at(-1)!;
  for (const { weights, history } of others) {
    expect(weights).toEqual(first!.weights);
    expect(history.at(-1)).toMatchObject(last);
  }
  return first!;
}

const tiny = (change: object = {}) =>
  new Model(
    vit as Architecture,
    vit.configure({
      img_size: 4,
      patch_size: 2,
      embed_dim: 8,
      depth: 1,
      num_heads: 2,
      num_classes: 3,
      ...change,
    }),
  );

const model = tiny();

/** Images of random pixels, each mixed with the one at the same place from the end of its batch. */
function images(length: number, shape: readonly [number, number, number]): Dataset {
  const labels = Int32Array.from({ length }, (_, i) => i % 3);
  const size = sizeOf(shape);
  const pixels = (i: number) => new Generator(i).array(size, 'normal');
  return {
    length,
    shape,
    labels,
    classes: ['a', 'b', 'c'],
    batch: async (indices, augment) => {
      const data = new Float32Array(indices.length * size);
      indices.forEach((i, at) => {
        const other = pixels(indices.at(-1 - at)!);
        const own = pixels(i);
        data.set(augment ? own.map((x, p) => 0.7 * x + 0.3 * other[p]!) : own, at * size);
      });
      return {
        image: float32([indices.length, ...shape], data),
        label: int32(
          [indices.length],
          indices.map((i) => labels[i]!),
        ),
      };
    },
  };
}

const train = images(64, model.inputShape);
const validation = images(7, model.inputShape);

/** The mean over the images that steps saw of the sum of their features and of a watched value, and the sum of a refresh. */
const adding = () =>
  plainPlugin('adding', () => {
    let [observed, images, refreshed] = [0, 0, 0];
    const sum = ({ data }: NdArray) => Array.from(data).reduce((a, b) => a + b, 0);
    return {
      observe({ indices, features, values }) {
        images += indices.length;
        observed += sum(features) + sum(values.seen!) * indices.length;
      },
      watch: ({ logits }) => ({ seen: logits!.mean() }),
      async refresh({ features }) {
        refreshed = sum(await features(Int32Array.of(5, 3, 60)));
      },
      metrics: async () => ({ observed: observed / images, images, refreshed }),
    };
  });

/** A loss of noise, which all processes draw alike. */
const noise = plainPlugin('noise', (run) => {
  const drawn = run.noise('drawn', [], 'normal');
  return { loss: ({ logits }) => logits.sub(drawn.value).square().mean() };
});

const options = {
  model,
  train,
  validation,
  epochs: 5,
  batchSize: 16,
  seed: 3,
  optimizer: { lr: 1e-2, weightDecay: 0.05 },
  clipGrad: 1,
  emaDecay: 0.9,
} satisfies Partial<FitOptions>;

test('two and four processes take the path of one, over 20 steps', async () => {
  const one = await together(1, { ...options, plugins: [adding()] });
  for (const size of [2, 4]) {
    const { history, weights } = await together(size, { ...options, plugins: [adding()] });
    history.forEach(({ seconds: _, ...record }, epoch) => {
      for (const [name, value] of Object.entries(record))
        expect(value, `${name} of epoch ${epoch + 1}`).toBeCloseTo(one.history[epoch]![name]!, 5);
    });
    for (const [name, { data }] of Object.entries(weights))
      data.forEach((value, i) => {
        expect(value).toBeCloseTo(Number(one.weights[name]!.data[i]), 5);
      });
  }
});

test('processes that accumulate make the update of one that does not', async () => {
  const run = { ...options, epochs: 1, emaDecay: undefined };
  const one = await together(1, run);
  const two = await together(2, { ...run, batchSize: 4, accumulate: 4 });
  const [a, b] = [one, two].map(({ history }) => history[0]!.loss!);
  expect(a).toBeCloseTo(b!, 5);
});

test('running statistics are the means over the processes', async () => {
  const normed = tinyModel((m, pixels) => {
    const dim = m.dim('pixels', 2, { prunable: false });
    return regression(m, batchNorm(m.child('norm'), pixels, dim));
  });
  const labels = Int32Array.of(0, 1, 0, 1);
  const rows = [1, 2, 3, 5, 7, 11, 13, 17];
  const four: Dataset = {
    length: 4,
    shape: [1, 1, 2],
    labels,
    classes: ['a', 'b'],
    batch: async (indices) => ({
      image: float32(
        [indices.length, 1, 1, 2],
        [...indices].flatMap((i) => rows.slice(2 * i, 2 * i + 2)),
      ),
      label: int32(
        [indices.length],
        indices.map((i) => labels[i]!),
      ),
    }),
  };
  const run = {
    model: normed,
    train: four,
    epochs: 1,
    batchSize: 4,
    seed: 1,
    optimizer: { lr: 0 },
  };
  const { weights } = await together(2, run);
  const mean = [1 + 3 + 7 + 13, 2 + 5 + 11 + 17].map((sum) => 0.1 * (sum / 4));
  const found = Object.entries(weights).find(([name]) => name.endsWith('running_mean'))![1].data;
  mean.forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 6);
  });
});

describe('statistics of the batch that all processes share', () => {
  const convolutional = createModel('mobilevit_xxs', {
    img_size: 32,
    channels: [8, 8, 16, 16],
    depths: [1, 1, 1, 1],
    transformer_dims: [0, 0, 16, 16],
    transformer_depths: [0, 0, 1, 1],
    num_features: 16,
    num_classes: 3,
  });
  const run = {
    ...options,
    model: convolutional,
    train: images(32, convolutional.inputShape),
    validation: undefined,
    epochs: 3,
    batchSize: 16,
    syncBatchNorm: true,
    // AdamW makes whole steps of the roundings of a gradient that is 0: of what a batch norm takes out again.
    optimizer: { name: 'sgd' as const, lr: 1e-2 },
  };

  test.each([
    [2, false],
    [4, false],
    [2, true],
  ])('%i processes take the path of one; computing again: %s', async (size, recompute) => {
    const one = await together(1, run, createOnnxEngine);
    const several = await together(size, { ...run, recompute }, createOnnxEngine);
    several.history.forEach(({ loss }, epoch) => {
      expect(loss).toBeCloseTo(one.history[epoch]!.loss!, 5);
    });
    for (const [name, { data }] of Object.entries(several.weights))
      data.forEach((value, i) => {
        expect(Math.abs(value - Number(one.weights[name]!.data[i])), name).toBeLessThan(1e-4);
      });
  });

  test('without them processes take another path', async () => {
    const [one, apart] = [
      await together(1, run, createOnnxEngine),
      await together(2, { ...run, syncBatchNorm: false }, createOnnxEngine),
    ].map(({ history }) => history.at(-1)!.loss!);
    expect(Math.abs(one! - apart!)).toBeGreaterThan(1e-3);
  });

  test('an engine that computes op by op is refused, unless a process is alone', async () => {
    const refused = together(2, run);
    await expect(refused).rejects.toMatchObject({
      code: 'ENGINE_EXCHANGE',
      where: 'a step of 2 processes',
    });
    const { history } = await together(1, { ...run, epochs: 1 });
    expect(history).toHaveLength(1);
  });
});

test('a run goes on with another number of processes, and only from what all have', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-together-'));
  const whole = await together(1, { ...options, epochs: 4 });
  const stopped = { ...options, epochs: 4, directory };
  await expect(
    together(2, {
      ...stopped,
      onEpoch: ({ epoch }) => {
        if (epoch === 2) throw new Error('killed');
      },
    }),
  ).rejects.toThrow('killed');
  const { history } = await together(4, stopped);
  expect(history.map(({ loss }) => loss)).toHaveLength(4);
  expect(history.at(-1)!.loss).toBeCloseTo(whole.history.at(-1)!.loss!, 5);
  const apart = ranks(2).map(async (communicator, rank) => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const own = rank === 0 ? directory : join(directory, 'elsewhere');
    return await fit({ ...stopped, directory: own, engine, communicator });
  });
  for (const end of await Promise.allSettled(apart))
    expect(end).toMatchObject({
      reason: { code: 'RANKS_DIFFER', found: 'epochs and updates done, by rank: 4 and 0, 0 and 0' },
    });
  await rm(directory, { recursive: true });
});

test.each([
  ['as many processes goes on to the same bits', 2, 20],
  ['other processes goes on with the same numbers that all share', 1, 5],
])('a run within an epoch and %s', async (_, size, digits) => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-together-'));
  const dropping = size === 2 ? 0.5 : 0;
  const model = tiny({ drop_path_rate: dropping });
  const settings = { ...options, model, epochs: 2, checkpointEvery: 0 };
  const noisy = () => [adding(), noise];
  const whole = await together(2, { ...settings, plugins: noisy() });
  const onStep = ({ epoch, step }: StepReport) => {
    if (epoch === 1 && step === 2) throw new Error('killed');
  };
  await expect(together(2, { ...settings, directory, onStep, plugins: noisy() })).rejects.toThrow(
    'killed',
  );
  const resumed = await together(size, { ...settings, directory, plugins: noisy() });
  expect(resumed.history.at(-1)!.loss).toBeCloseTo(whole.history.at(-1)!.loss!, digits);
  if (size === 2) expect(resumed.weights).toEqual(whole.weights);
  await rm(directory, { recursive: true });
});

test('a batch that cannot be shared out is refused', async () => {
  await expect(together(3, { ...options, epochs: 1 })).rejects.toMatchObject({
    code: 'BATCH_SIZE',
    found: 'a batch of 16 for 3 processes',
  });
});

test('processes that would train something else than the first one are refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-together-'));
  const apart = ranks(2).map(async (communicator, rank) => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const other = rank === 0 ? {} : { labelSmoothing: 0.2 };
    return await fit({ ...options, ...other, directory, engine, communicator });
  });
  const [, second] = await Promise.all(
    apart.map((run, rank) => (rank === 1 ? run.catch((error: unknown) => error) : undefined)),
  );
  expect(second).toMatchObject({
    code: 'RANKS_DIFFER',
    where: 'rank 1, beside rank 0',
    found: 'a run with another options.labelSmoothing (saved nothing, now 0.2)',
  });
  await rm(directory, { recursive: true });
});

test('roundings of other processors do not add up over epochs', async () => {
  // The second process adds a little to each sum of gradients, as another kind of processor may.
  const results = await Promise.all(
    ranks(2).map(async (communicator) => {
      await using engine = await createEagerEngine({ backend: 'cpu' });
      const off = communicator.rank * 1e-4;
      const allReduce: Communicator['allReduce'] = async (data) => {
        await communicator.allReduce(data);
        if (data instanceof Float32Array && data.length > 500) data[0]! += off;
      };
      return await fit({ ...options, engine, communicator: { ...communicator, allReduce } });
    }),
  );
  expect(results[1]!.weights).toEqual(results[0]!.weights);
});
