import { type Architecture, Generator, linear, Model, prune, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import {
  type LatencyTable,
  latencyByTable,
  layerMacs,
  layerTimes,
  measureLatencyTable,
} from './latency-table.ts';

/** Two layers on eight pixels, of which the first's four channels may go: 8c + 2c MACs. */
const architecture: Architecture = {
  name: 'two layers',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => config,
  input: () => ({ shape: [2, 4, 1] as const, classes: 2 }),
  forward(m, image) {
    const hidden = m.dim('hidden', 4);
    const pixels = tf.reshape(image, [-1, 8]);
    const features = m.tap('hidden', tf.relu(linear(m.child('fc'), pixels, 8, hidden)), hidden);
    const logits = linear(m.child('head'), features, hidden, 2);
    return { logits, features, tokens: image, featureMaps: [] };
  },
};
const whole = new Model(architecture, {});
const cutTo = (n: number) => prune(whole, { hidden: Array.from({ length: n }, (_, i) => i) });

test('a layer has the MACs of all its products', () => {
  expect([...layerMacs(whole)]).toEqual([
    ['fc', 32],
    ['head', 8],
  ]);
  expect([...layerMacs(cutTo(3))]).toEqual([
    ['fc', 24],
    ['head', 6],
  ]);
});

test('a layer has the time of its nodes and of those up to the next layer', () => {
  const node = (name: string, ms: number) => ({ name, op: 'Any', ms });
  const nodes = [
    node('Transpose', 1),
    node('fc/MatMul', 2),
    node('Relu', 4),
    node('gemm_input_reshape_7', 8),
    node('head/MatMul/MatMulAddFusion', 16),
    node('logits', 32),
  ];
  expect([...layerTimes(['fc', 'head'], nodes)]).toEqual([
    ['fc', 15],
    ['head', 48],
  ]);
});

describe('the time of a model by a table', () => {
  const table: LatencyTable = {
    layers: {
      fc: [
        { macs: 16, ms: 3 },
        { macs: 32, ms: 5 },
      ],
      head: [{ macs: 8, ms: 1 }],
    },
  };

  test.each([
    [4, 5 + 1],
    [3, 4 + 1],
    [2, 3 + 1],
    // Beyond what was measured on the same line; of one width that time.
    [1, 2 + 1],
  ])('of %i channels', (channels, ms) => {
    expect(latencyByTable(table, cutTo(channels))).toBeCloseTo(ms, 12);
  });

  test('is never below 0', () => {
    const steep = {
      fc: [
        { macs: 24, ms: 0.1 },
        { macs: 32, ms: 9 },
      ],
      head: table.layers.head!,
    };
    expect(latencyByTable({ layers: steep }, cutTo(1))).toBe(1);
  });

  test('LATENCY_TABLE for a layer that it does not have', () => {
    expect(() => latencyByTable({ layers: { fc: table.layers.fc! } }, whole)).toThrow(
      expect.objectContaining({
        code: 'LATENCY_TABLE',
        where: 'head',
        found: 'a layer that the table of latencies does not have',
        fix: 'Measure a table of this model, two layers, with `kcr latency`',
      }),
    );
  });
});

test('measured: every layer at every width, a positive time in all', async () => {
  const weights = whole.initialize(new Generator(0));
  const told: number[][] = [];
  const table = await measureLatencyTable(whole, weights, {
    shares: [0.25, 1, 0.5],
    runs: 3,
    threads: 1,
    onShare: (...counts) => told.push(counts),
  });
  expect(told).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
  expect(Object.keys(table.layers)).toEqual(['fc', 'head']);
  expect(table.layers.fc!.map(({ macs }) => macs)).toEqual([8, 16, 32]);
  expect(table.layers.head!.map(({ macs }) => macs)).toEqual([2, 4, 8]);
  for (const { ms } of Object.values(table.layers).flat()) expect(ms).toBeGreaterThan(0);
  expect(latencyByTable(table, whole)).toBeLessThan(100);
});
