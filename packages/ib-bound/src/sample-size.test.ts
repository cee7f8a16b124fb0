import { expect, test } from 'vitest';
import { sampleSize } from './sample-size.ts';

test.each([
  ['all of few images', 500, [10], 500],
  ['10,000 of many', 60_000, [10, 20], 10_000],
  ['40 for each of many clusters', 1_000_000, [10, 1000], 40_000],
  ['at most all images', 20_000, [1000], 20_000],
])('%s', (_, images, clusters, expected) => {
  expect(sampleSize(images, ...clusters)).toBe(expected);
});
