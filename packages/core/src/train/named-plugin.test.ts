import { expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { float32, item } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { fit } from './fit.ts';
import { namedPlugin } from './named-plugin.ts';
import { definePlugin, type Plugin } from './plugin.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

const train = async (plugins: readonly Plugin[]) =>
  fit({
    model: tinyModel(regression),
    engine: await createEagerEngine({ backend: 'cpu' }),
    train: tinyImages(
      [
        [0, 1],
        [1, 0],
      ],
      [0, 1],
    ),
    epochs: 2,
    batchSize: 2,
    seed: 1,
    optimizer: { lr: 0 },
    plugins,
  });

/** Counts epochs in a buffer of its own, from a number on. */
const counter = definePlugin({
  name: 'counter',
  contract: 1,
  curves: {
    count: {
      title: 'Epochs',
      y: 'epochs',
      lines: { count: 'counted', drawn: 'drawn' },
      right: { number: 'loss', y: 'loss' },
    },
  },
  snapshots: { title: 'Counts', y: 'epochs' },
  attach:
    ({ from }: { from: number }) =>
    (run) => {
      const count = run.buffer('count', float32([], [from]));
      const drawn = run.generator.uniform();
      return {
        async refresh({ epoch }) {
          if (epoch > 0) count.assign(float32([], [item(await count.read()) + 1]));
        },
        metrics: async () => ({ count: item(await count.read()), drawn }),
        snapshot: async () => ({ count: await count.read() }),
      };
    },
});

test('two instances of one plugin keep slots, random numbers, metrics and snapshots apart', async () => {
  const second = namedPlugin('second', counter({ from: 10 }));
  const { history, snapshots } = await train([counter({ from: 0 }), second]);
  expect(history.map((epoch) => [epoch.count, epoch['second/count']])).toEqual([
    [1, 11],
    [2, 12],
  ]);
  expect(history[0]!.drawn).not.toBe(history[0]!['second/drawn']);
  expect(Object.keys(snapshots)).toEqual(['counter/count', 'second/count']);
});

test('its charts are its own, with the numbers of the log as they are', () => {
  const second = namedPlugin('second', counter({ from: 10 }));
  const curves = {
    'second/count': {
      title: 'Epochs (second)',
      y: 'epochs',
      lines: { 'second/count': 'counted', 'second/drawn': 'drawn' },
      right: { number: 'loss', y: 'loss' },
    },
  };
  expect(second).toMatchObject({ name: 'second', instanceOf: 'counter', options: { from: 10 } });
  expect(second.curves).toEqual(curves);
  expect(second.snapshots).toEqual({ title: 'Counts (second)', y: 'epochs' });
});

test('the last name counts', () => {
  const once = namedPlugin('third', counter({ from: 1 }));
  const twice = namedPlugin('third', namedPlugin('second', counter({ from: 1 })));
  expect(twice.instanceOf).toBe('counter');
  expect(Object.keys(twice.curves!)).toEqual(Object.keys(once.curves!));
});

test('without another name a second one is refused, and is told how', async () => {
  const error = await train([counter({ from: 0 }), counter({ from: 1 })]).catch((e) => e);
  expect(error).toMatchObject({
    code: 'PLUGIN_DUPLICATE',
    fix: expect.stringContaining("namedPlugin('second', plugin)"),
  });
});

test('a plugin that needs another finds it under any name', async () => {
  const needing = definePlugin({
    name: 'needing',
    contract: 1,
    needs: { plugins: ['counter'] },
    attach: () => () => ({}),
  })({});
  await train([needing, namedPlugin('second', counter({ from: 0 }))]);
  await expect(train([needing])).rejects.toThrow(
    expect.objectContaining({ code: 'EXTENSION_NEEDS' }),
  );
});

test('hooks run in order: pre, unmarked, post, each as they are given', async () => {
  const seen: string[] = [];
  const plugin = (name: string, order?: 'pre' | 'post') =>
    definePlugin({
      name,
      contract: 1,
      order,
      attach: () => () => ({
        tap(value: Tensor, { training }) {
          if (training) seen.push(name);
          return tf.mul(value, 1);
        },
      }),
    })({});
  await train([
    plugin('d', 'post'),
    plugin('c'),
    plugin('e', 'post'),
    plugin('a', 'pre'),
    plugin('b', 'pre'),
  ]);
  expect(seen.slice(0, 5)).toEqual(['a', 'b', 'c', 'd', 'e']);
});
