import { createEagerEngine, type Engine, float32 } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ntkSap } from './ntk-sap.ts';
import { dataOf, images, labels, scoresOf, weights } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const many = dataOf(
  Array.from({ length: 640 }, () => [0, 0, 0]),
  Array<number>(640).fill(0),
);

test('scores are the expectation of |dS/dm|, to first order in the change', async () => {
  // S = e^2 ||sum_c m_c (W2_c (xi1_c x + xi1'_c) + xi2_c (W1_c x + b_c))||^2 with x and all xi standard normal, so
  // E dS/dm_c = 2 e^2 (|W2_c|^2 (d + 1) + K (|W1_c|^2 + b_c^2)), d = 3 values, K = 2 classes.
  const [w1, b1, w2] = ['fc1.weight', 'fc1.bias', 'fc2.weight'].map((name) => weights[name]!.data);
  const square = (...values: number[]) => values.reduce((sum, x) => sum + x * x, 0);
  const expected = [0, 1, 2, 3].map((c) => {
    const outgoing = square(w2![c]!, w2![4 + c]!);
    const incoming = square(...w1!.slice(3 * c, 3 * c + 3), b1![c]!);
    return 2e-4 * (4 * outgoing + 2 * incoming);
  });
  const { hidden, names } = await scoresOf(ntkSap({}), engine, { data: many, batchSize: 8 });
  expect(names).toEqual(['hidden']);
  // The means of 80 draws have standard deviations of about an eighth.
  for (const c of [0, 1, 3]) {
    expect(hidden[c]! / expected[c]!).toBeGreaterThan(0.5);
    expect(hidden[c]! / expected[c]!).toBeLessThan(1.6);
  }
  // A channel whose weights are all 0 is reached by the second order alone.
  expect(hidden[2]!).toBeLessThan(0.01 * hidden[0]!);
});

test('twice the change has four times the scores', async () => {
  const score = (perturbation: number) => scoresOf(ntkSap({ perturbation }), engine);
  const [one, two] = [await score(1e-3), await score(2e-3)];
  for (const c of [0, 1, 3]) expect(two.hidden[c]! / one.hidden[c]!).toBeCloseTo(4, 0);
});

test('only the number of images counts, not what they show', async () => {
  const black = dataOf(
    images.map(() => [0, 0, 0]),
    labels.map(() => 1),
  );
  expect(await scoresOf(ntkSap({}), engine, { data: black })).toEqual(
    await scoresOf(ntkSap({}), engine),
  );
});

test('with initial weights only the model counts, not what it was trained to', async () => {
  const initial = ntkSap({ weights: 'initial' });
  const doubled = Object.fromEntries(
    Object.entries(weights).map(([name, array]) => [
      name,
      float32(
        array.shape,
        Array.from(array.data, (x) => 2 * x),
      ),
    ]),
  );
  const { hidden } = await scoresOf(initial, engine);
  expect((await scoresOf(initial, engine, { state: doubled })).hidden).toEqual(hidden);
  expect((await scoresOf(initial, engine, { seed: 2 })).hidden).not.toEqual(hidden);
  expect((await scoresOf(ntkSap({}), engine)).hidden).not.toEqual(hidden);
  // The channel whose trained weights are 0 has others here.
  expect(hidden[2]!).toBeGreaterThan(1e-3 * Math.max(...hidden));
  expect(engine.names()).toEqual([]);
});
