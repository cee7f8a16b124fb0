import { type Architecture, float32, linear, Model, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { measureLatencies, measureLatency } from './latency.ts';

/** So many products of a matrix of 128 x 128. */
const products: Architecture<{ times: number }> = {
  name: 'products',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => ({ times: 1, ...config }),
  input: () => ({ shape: [8, 16, 1] as const, classes: 2 }),
  forward(m, image, { times }) {
    const embed = m.dim('embed', 128, { prunable: false });
    let features = tf.reshape(image, [-1, 128]);
    for (let i = 0; i < times; i++)
      features = tf.sub(features, linear(m.child(`fc${i}`), features, embed, 128));
    const logits = linear(m.child('head'), features, embed, 2);
    return { logits, features, tokens: image, featureMaps: [] };
  },
};

const of = (times: number) => {
  const model = new Model(products as Architecture, { times });
  const weights = Object.fromEntries(
    model.params.map(({ name, shape }) => [name, float32([...shape])]),
  );
  return { model, weights };
};

test('latency is a time above 0, for any batch, runs and threads', async () => {
  const { model, weights } = of(1);
  for (const options of [{ runs: 1 }, { batch: 3, runs: 4, threads: 1 }]) {
    const ms = await measureLatency(model, weights, options);
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThan(1000);
  }
});

test('models in turn: the first is as fast as itself, the spreads are in order', async () => {
  const found = await measureLatencies([of(1), of(3)], { runs: 5, threads: 1 });
  expect(found).toHaveLength(2);
  expect(found[0]!.speedup).toEqual({ median: 1, low: 1, high: 1 });
  for (const { ms, speedup } of found)
    for (const { low, median, high } of [ms, speedup]) {
      expect(low).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(low);
      expect(high).toBeGreaterThanOrEqual(median);
    }
});
