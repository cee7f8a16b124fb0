import { createEagerEngine, type Engine, Generator } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FeatureClusterOptions, FeatureClusters } from './feature-clusters.ts';
import { featuresOf, pluginRun, rowsOf } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

const clustersOf = (options: Partial<FeatureClusterOptions> = {}) => {
  const { run } = pluginRun(engine, { samples: 6, epochs: 2 });
  return new FeatureClusters(run, { clusters: 2, normalize: false, ...options });
};
/** Three points of each class, around the first axis's ends. */
const rows = [-11, 9, -10, 10, -9, 11].map((x) => [x, 0, 0, 1]);
const labels = Int32Array.of(0, 1, 0, 1, 0, 1);
const given = { points: featuresOf(rows), labels, classes: 2 };
const moved = (by: number) => featuresOf(rows.map(([x, ...others]) => [x! + by, ...others]));

test('with as many clusters as classes the first are the classes', async () => {
  const { centroids, sizes } = await clustersOf().next(given, new Generator(1));
  expect(rowsOf(centroids)).toEqual([
    [expect.closeTo(-10, 9), 0, 0, 1],
    [expect.closeTo(10, 9), 0, 0, 1],
  ]);
  expect([...sizes]).toEqual([3, 3]);
});

test('they keep their indices while points move, and are what a step reads', async () => {
  const clusters = clustersOf();
  const generator = new Generator(1);
  await clusters.next(given, generator);
  await clusters.next({ ...given, points: moved(4) }, generator);
  // From here labels do not matter.
  const wrong = labels.map((label) => 1 - label);
  const last = { points: moved(8), labels: wrong, classes: 2 };
  const { centroids } = await clusters.next(last, generator);
  expect(rowsOf(centroids)[0]![0]).toBeCloseTo(-2, 5);
  const step = engine.compile('read', () => ({ outputs: { y: clusters.centroids } }));
  const { y } = await step();
  await step.dispose();
  expect(y!.shape).toEqual([2, 4]);
  expect(y!.data[0]).toBeCloseTo(-2, 5);
});

test('a cluster that points have left is filled again', async () => {
  const clusters = clustersOf();
  const generator = new Generator(1);
  await clusters.next(given, generator);
  // All points are nearer to the second centroid now.
  const { sizes } = await clusters.next({ ...given, points: moved(40) }, generator);
  expect([...sizes].every((size) => size > 0)).toBe(true);
});

test('with another number of clusters the first are points', async () => {
  const { centroids, sizes } = await clustersOf({ clusters: 3 }).next(given, new Generator(1));
  expect(centroids.n).toBe(3);
  expect([...sizes].reduce((a, b) => a + b)).toBe(6);
});

test('normalised centroids have length 1', async () => {
  const { centroids } = await clustersOf({ normalize: true }).next(given, new Generator(1));
  for (const row of rowsOf(centroids)) expect(Math.hypot(...row)).toBeCloseTo(1, 9);
});
