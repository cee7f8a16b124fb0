import { describe, expect, test } from 'vitest';
import type { Progress } from '../model/clock.ts';
import type { AttachedPlugin } from './attaching.ts';
import { pluginMetrics } from './plugin-metrics.ts';

const progress: Progress = { epoch: 2, epochs: 5, step: 7 };

/** Plugins `a`, `b`, ... that give such metrics; what is no object is given all the same. */
const plugins = (...metrics: unknown[]): AttachedPlugin[] =>
  metrics.map((found, i) => ({
    name: 'abc'[i]!,
    metrics: async () => found as Record<string, number>,
  }));

test('numbers stand in the order of the plugins; one without metrics is passed over', async () => {
  const given: AttachedPlugin[] = [...plugins({ z: 1, y: -2 }), { name: 'silent' }];
  const found = await pluginMetrics([...given, ...plugins({ x: 0 })], progress, ['loss']);
  expect(Object.entries(found)).toEqual([
    ['z', 1],
    ['y', -2],
    ['x', 0],
  ]);
});

test('each is told the progress, and cannot change it for the next', async () => {
  const told: Progress[] = [];
  const watching: AttachedPlugin = {
    name: 'watching',
    async metrics(now) {
      told.push({ ...now });
      now.epoch = 99;
      return {};
    },
  };
  await pluginMetrics([watching, { ...watching, name: 'too' }], progress, []);
  expect(told).toEqual([progress, progress]);
  expect(progress.epoch).toBe(2);
});

describe('what is refused', () => {
  test.each<[string, string, AttachedPlugin[]]>([
    ['plugin "b", metrics', 'no object', plugins({}, undefined)],
    ['plugin "a", metrics', 'no object', plugins(null)],
    ['plugin "a", metrics', 'no object', plugins([1])],
    ['plugin "a", metric "x"', 'NaN', plugins({ x: Number.NaN })],
    ['plugin "a", metric "x"', 'Infinity', plugins({ x: Number.POSITIVE_INFINITY })],
    ['plugin "a", metric "x"', '3', plugins({ x: '3' })],
    ['plugin "a", metric "loss"', 'a name that the log has', plugins({ loss: 1 })],
    ['plugin "b", metric "x"', 'a name that plugin "a" has', plugins({ x: 1 }, { x: 1 })],
  ])('%s: %s', async (where, found, given) => {
    await expect(pluginMetrics(given, progress, ['loss'])).rejects.toMatchObject({
      code: 'PLUGIN_METRIC',
      where,
      found,
    });
  });
});
