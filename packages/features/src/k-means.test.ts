import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import type { Features } from './features.ts';
import { classMeans, firstCentroids } from './first-centroids.ts';
import { miniBatchKMeans } from './k-means.ts';

const centers = [
  [0, 0],
  [10, 0],
  [0, 10],
];

/** Points around three centers, in turn. */
function blobs(n: number, seed: number): Features {
  const generator = new Generator(seed);
  const data = Array.from({ length: n }, (_, i) =>
    centers[i % 3]!.map((x) => x + 0.5 * generator.normal()),
  );
  return { n, d: 2, data: data.flat() };
}

const labels = (n: number) => Array.from({ length: n }, (_, i) => i % 3);
const points = blobs(300, 1);

function expectNear(found: Features, expected: number[][], distance: number) {
  expected.forEach((center, k) => {
    const at = [found.data[2 * k]!, found.data[2 * k + 1]!];
    expect(Math.hypot(at[0]! - center[0]!, at[1]! - center[1]!)).toBeLessThan(distance);
  });
}

test('finds blobs from k-means++, with whole batches and with small ones', () => {
  for (const batchSize of [300, 16]) {
    const first = firstCentroids(points, 3, new Generator(2));
    const options = { batchSize, passes: 4, generator: new Generator(3) };
    const { centroids, sizes } = miniBatchKMeans(points, first, options);
    const found = centers.map((center) => {
      const k = [0, 1, 2].find(
        (i) =>
          Math.hypot(centroids.data[2 * i]! - center[0]!, centroids.data[2 * i + 1]! - center[1]!) <
          1,
      );
      return k;
    });
    expect(new Set(found).size).toBe(3);
    expect([...sizes]).toEqual([100, 100, 100]);
  }
});

test('one pass over all points is a step of Lloyd', () => {
  const start = { n: 3, d: 2, data: [1, 1, 9, 1, 1, 9] };
  const { centroids } = miniBatchKMeans(points, start, {
    batchSize: points.n,
    generator: new Generator(1),
  });
  const means = classMeans(points, labels(300), 3);
  Array.from(centroids.data).forEach((x, i) => expect(x).toBeCloseTo(means.data[i]!, 10));
});

test('clusters keep their indices while points drift', () => {
  let centroids = classMeans(points, labels(300), 3);
  for (let epoch = 0; epoch < 10; epoch++) {
    const data = Array.from(blobs(300, epoch).data, (x) => x + 0.8 * epoch);
    const generator = new Generator(epoch);
    ({ centroids } = miniBatchKMeans({ n: 300, d: 2, data }, centroids, {
      batchSize: 32,
      generator,
    }));
  }
  expectNear(
    centroids,
    centers.map((center) => center.map((x) => x + 7.2)),
    0.5,
  );
});

test('an empty cluster moves to the farthest point', () => {
  const start = { n: 4, d: 2, data: [0, 0, 10, 0, 0, 10, 500, 500] };
  const far = { ...points, data: Array.from(points.data).with(0, -9).with(1, -9) };
  const { centroids, sizes } = miniBatchKMeans(far, start, { generator: new Generator(1) });
  expect(sizes[3]).toBe(0);
  expect([centroids.data[6], centroids.data[7]]).toEqual([-9, -9]);
});
