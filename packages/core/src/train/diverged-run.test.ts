import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import type { Engine } from '../engine/engine.ts';
import { float32 } from '../ground/array.ts';
import type { Dataset } from '../model/batch.ts';
import { loadWeights } from '../model/checkpoint.ts';
import type { Model } from '../model/model.ts';
import type { Task } from '../model/task.ts';
import { tf } from '../tensor/tf.ts';
import { classification } from './classification.ts';
import { fit } from './fit.ts';
import type { FitOptions } from './fit-options.ts';
import { definePlugin, type Plugin } from './plugin.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

const nan = Number.NaN;
const good = tinyImages(
  [
    [1, 0],
    [0, 1],
  ],
  [0, 1],
);
const model = tinyModel(regression);

let engine: Engine;
let directory: string;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
  directory = await mkdtemp(join(tmpdir(), 'kcr-diverged-'));
});
afterAll(async () => {
  await engine.dispose();
  await rm(directory, { recursive: true });
});

const run = (options: Partial<FitOptions>) =>
  fit({
    model,
    engine,
    train: good,
    epochs: 3,
    batchSize: 2,
    seed: 0,
    optimizer: { lr: 0.1 },
    ...options,
  });

/** The data set whose pixels are NaN from the n-th batch on. */
const failing = (batch: number): Dataset => {
  let read = 0;
  return {
    ...good,
    batch: async (indices) => {
      const { image, label } = await good.batch(indices);
      return { label, image: ++read < batch ? image : float32(image.shape, nan) };
    },
  };
};

/** A term that is finite, and whose gradient is not: the square root of 0. */
const badGradient = definePlugin({
  name: 'bad-gradient',
  contract: 1,
  attach: () => () => ({
    loss: ({ logits }) => tf.sum(tf.sqrt(tf.sum(tf.mul(logits, 0)))),
  }),
});
const badLoss = definePlugin({
  name: 'bad-loss',
  contract: 1,
  attach: () => () => ({
    loss: ({ logits }) => tf.log(tf.neg(tf.sum(tf.square(logits)))),
  }),
});
const badBuffer = definePlugin({
  name: 'bad-buffer',
  contract: 1,
  attach: () => (at) => {
    const centre = at.buffer('centre', float32([2]));
    return {
      loss: ({ features }) => tf.sum(tf.mul(features, tf.mul(centre.value, 0))),
      refresh: async () => centre.assign(float32([2], [1, nan])),
    };
  },
});
const badShape = definePlugin({
  name: 'bad-shape',
  contract: 1,
  attach: () => (at) => {
    const centre = at.buffer('centre', float32([2]));
    return { refresh: async () => centre.assign(float32([3])) };
  },
});

/** What evaluates to something that is no number. */
const evaluates = (value: number): Model =>
  tinyModel(regression, {
    task: { ...classification, evaluate: async () => ({ top1: value }) } satisfies Task,
  });

const plugins = (...all: Plugin[]) => ({ plugins: all });
const weights = (value: number) => ({
  'head.weight': float32([2, 2], [1, value, 0, 1]),
  'head.bias': float32([2]),
});

describe('a run is stopped, and by the name of what is not finite', () => {
  test.each<[string, () => Partial<FitOptions>, string, RegExp]>([
    ['a pixel', () => ({ train: failing(1) }), 'LOSS_NOT_FINITE', /batch's image/],
    ["a plugin's loss", () => plugins(badLoss({})), 'LOSS_NOT_FINITE', /plugin "bad-loss"/],
    [
      "a plugin's buffer",
      () => plugins(badBuffer({})),
      'STATE_FINITE',
      /bad-buffer\/centre: 1 of 2/,
    ],
    [
      "a buffer's shape",
      () => plugins(badShape({})),
      'SHAPE_MISMATCH',
      /bad-shape\/centre: .*\[3\]/,
    ],
    [
      'initial weights',
      () => ({ initial: weights(nan) }),
      'STATE_FINITE',
      /head\.weight \(1 of 4\)/,
    ],
    ['validation images', () => ({ validation: failing(1) }), 'OUTPUT_FINITE', /from NaN .* image/],
    [
      'a number of the evaluation',
      () => ({ model: evaluates(nan), validation: good }),
      'EVALUATION_FINITE',
      /classification, top1: NaN/,
    ],
    [
      'a gradient, whose step would be saved',
      () => ({ ...plugins(badGradient({})), epochs: 1, directory: join(directory, 'gradient') }),
      'STATE_FINITE',
      /weight:head\.weight \(4 of 4\)/,
    ],
    [
      'a gradient, whose step is the last',
      () => ({ ...plugins(badGradient({})), epochs: 1 }),
      'STATE_FINITE',
      /head\.weight \(4 of 4\)/,
    ],
  ])('%s', async (_, options, code, message) => {
    await expect(run(options())).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

test('what was saved before is as it was, which the error says; in the first epoch there is nothing to say', async () => {
  const folder = join(directory, 'run');
  const files = ['model.safetensors', 'model.json', 'training.safetensors', 'metrics.jsonl'];
  const read = () => files.map((name) => readFileSync(join(folder, name)));
  let saved: Buffer[] = [];
  const onEpoch = () => {
    saved = read();
  };
  // One batch an epoch, so the third is NaN.
  await expect(run({ directory: folder, train: failing(3), onEpoch })).rejects.toThrow(
    /the checkpoint of epoch 2 in .*run is as it was/,
  );
  expect(saved).toHaveLength(files.length);
  expect(read()).toEqual(saved);
  await loadWeights(model, join(folder, 'model.safetensors'));
  await expect(run({ directory: join(directory, 'none'), train: failing(1) })).rejects.toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(/checkpoint/) }),
  );
});
