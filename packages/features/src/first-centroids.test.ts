import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { classMeans, firstCentroids } from './first-centroids.ts';
import { featuresOf, rowsOf } from './testing.ts';

const points = featuresOf([
  [1, 2],
  [10, 0],
  [3, 6],
  [20, 5],
]);

test('the mean of each class; zeros for a class without points', () => {
  expect(rowsOf(classMeans(points, [0, 2, 0, 2], 4))).toEqual([
    [2, 4],
    [0, 0],
    [15, 2.5],
    [0, 0],
  ]);
});

test('first centroids are points, each at most once', () => {
  const generator = new Generator(1);
  for (let i = 0; i < 10; i++) {
    const found = rowsOf(firstCentroids(points, 3, generator)).map(String);
    expect(new Set(found).size).toBe(3);
    for (const row of found) expect(rowsOf(points).map(String)).toContain(row);
  }
  const all = rowsOf(firstCentroids(points, 4, generator)).map(String);
  expect(all.sort()).toEqual(rowsOf(points).map(String).sort());
});

test.each([0, 5, 1.5])('%d clusters of four points: CLUSTERS', (clusters) => {
  expect(() => firstCentroids(points, clusters, new Generator(1))).toThrow(
    expect.objectContaining({ code: 'CLUSTERS', found: `${clusters} clusters for 4 points` }),
  );
});
