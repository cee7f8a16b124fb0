import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vit } from '@kcr/backbones';
import { describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32, int32, sizeOf } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { readSafetensors } from '../ground/safetensors.ts';
import type { Architecture } from '../model/architecture.ts';
import type { Dataset } from '../model/batch.ts';
import { Model } from '../model/model.ts';
import { tf } from '../tensor/tf.ts';
import { fit } from './fit.ts';
import type { FitOptions } from './fit-options.ts';
import { definePlugin } from './plugin.ts';
import { search } from './search.ts';

const model = new Model(
  vit as Architecture,
  vit.configure({
    img_size: 4,
    patch_size: 2,
    embed_dim: 4,
    depth: 1,
    num_heads: 1,
    num_classes: 2,
  }),
);

const labels = Int32Array.of(0, 1, 0, 1);

const images: Dataset = {
  length: labels.length,
  shape: model.inputShape,
  labels,
  classes: ['even', 'odd'],
  batch: async (indices) => {
    const shape = [indices.length, ...model.inputShape];
    return {
      image: float32(shape, new Generator(1).array(sizeOf(shape), 'normal')),
      label: int32(
        [indices.length],
        indices.map((i) => labels[i]!),
      ),
    };
  },
};

/** A run of one epoch on an engine. */
const run = (engine: Engine, more: Partial<FitOptions> = {}) =>
  fit({
    model,
    engine,
    train: images,
    epochs: 1,
    batchSize: 2,
    seed: 1,
    optimizer: { lr: 1e-3 },
    ...more,
  });

test('arrays that the caller set survive a run and are not in its checkpoint', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kcr-fit-'));
  await using engine = await createEagerEngine({ backend: 'cpu' });
  engine.set({ own: float32([2], [3, 5]) });
  await run(engine, { emaDecay: 0.9, directory });
  expect(engine.names()).toEqual(['own']);
  expect([...(await engine.get(['own'])).own!.data]).toEqual([3, 5]);
  const { tensors } = await readSafetensors(join(directory, 'training.safetensors'));
  const trained = model.params.filter(({ trainable }) => trainable).map(({ name }) => name);
  expect(Object.keys(tensors).sort()).toEqual(
    [
      ...model.params.flatMap(({ name }) => [`weight:${name}`, `average:${name}`]),
      ...trained.flatMap((name) => [`optimizer:m:weight:${name}`, `optimizer:v:weight:${name}`]),
    ].sort(),
  );
  await rm(directory, { recursive: true });
});

describe('a run that ends with an error leaves its engine as it was', () => {
  const holding = definePlugin({
    name: 'holding',
    contract: 1,
    attach: () => (run) => {
      run.constant('table', float32([2], [1, 2]));
      return {};
    },
  })({});
  const failing = definePlugin({
    name: 'failing',
    contract: 1,
    attach: () => () => {
      throw new Error('cannot be attached');
    },
  })({});
  const unread: Dataset = { ...images, batch: () => Promise.reject(new Error('unreadable')) };
  const cases: [string, Partial<FitOptions>, string][] = [
    ['while it reads', { train: unread }, 'unreadable'],
    ['before it begins', { batchSize: 5 }, 'a batch of 5 from 4 images'],
    ['while plugins are attached', { plugins: [holding, failing] }, 'cannot be attached'],
  ];
  test.each(cases)('%s', async (_, wrong, said) => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    engine.set({ own: float32([2], [3, 5]) });
    await expect(run(engine, { plugins: [holding], ...wrong })).rejects.toThrow(said);
    expect(engine.names()).toEqual(['own']);
  });

  test('a search without anything to search', async () => {
    await using engine = await createEagerEngine({ backend: 'cpu' });
    const optimizer = { lr: 1e-3 };
    const common = { model, engine, train: images, epochs: 1, batchSize: 1, seed: 1, optimizer };
    await expect(search({ ...common, plugins: [holding] })).rejects.toMatchObject({
      code: 'SEARCH_NOTHING',
    });
    expect(engine.names()).toEqual([]);
  });
});

test('a run that fails leaves the engine as it was', async () => {
  await using engine = await createEagerEngine({ backend: 'cpu' });
  engine.set({ own: float32([1], [7]) });
  const infinite = definePlugin({
    name: 'infinite',
    contract: 1,
    attach: () => () => ({
      loss: () => tf.scalar(Number.POSITIVE_INFINITY),
    }),
  });
  await expect(run(engine, { plugins: [infinite({})] })).rejects.toMatchObject({
    code: 'LOSS_NOT_FINITE',
    where: 'epoch 1, step 1 (weights)',
    found: 'a loss of Infinity, from plugin "infinite"',
  });
  expect(engine.names()).toEqual(['own']);
});
