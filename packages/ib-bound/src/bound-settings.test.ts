import type { PluginRun } from '@kcr/core';
import { expect, test } from 'vitest';
import { settingsOf } from './bound-settings.ts';

const run = { model: { classes: 3 }, samples: 20 } as Pick<PluginRun, 'model' | 'samples'>;

test("defaults are DCS's, with a cluster for each class and all of few images", () => {
  expect(settingsOf({}, run)).toEqual({
    eta: 50,
    warmup: 0.3,
    beta: 1,
    normalize: true,
    clusters: 3,
    inputClusters: 3,
    samples: 20,
    inputSide: 16,
    batchSize: undefined,
  });
});

test('options are kept, 0 and false among them', () => {
  const options = {
    eta: 0,
    warmup: 0,
    beta: 2,
    normalize: false,
    clusters: 4,
    inputClusters: 5,
    samples: 10,
    inputSide: 2,
    batchSize: 8,
  };
  expect(settingsOf(options, run)).toEqual(options);
});

test.each([
  ['samples', 21],
  ['samples', 0],
  ['clusters', 0],
  ['clusters', 21],
  ['clusters', 1.5],
  ['inputClusters', -1],
])('%s of %d: OPTION', (name, count) => {
  expect(() => settingsOf({ [name]: count }, run)).toThrow(
    expect.objectContaining({ code: 'OPTION', where: `ib-bound, ${name}`, found: `${count}` }),
  );
});

test('there are not more clusters than samples', () => {
  expect(() => settingsOf({ samples: 4, clusters: 5 }, run)).toThrow(/1 to 4/);
});
