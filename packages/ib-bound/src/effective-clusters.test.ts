import { expect, test } from 'vitest';
import { effectiveClusters } from './effective-clusters.ts';

test.each([
  [[5, 5, 5, 5], 4],
  [[9, 0, 0], 1],
  [[3, 3, 0], 2],
  // The entropy of 1/2, 1/4 and 1/4 is 1.5 ln 2.
  [[20, 10, 10], 2 ** 1.5],
])('clusters of %j points', (sizes, expected) => {
  expect(effectiveClusters(Float64Array.from(sizes))).toBeCloseTo(expected, 12);
});
