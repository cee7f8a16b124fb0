import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { clusterInputs } from './input-clusters.ts';
import { featuresOf, rowsOf } from './testing.ts';

/** Two groups: on the axes, at different lengths. */
const inputs = featuresOf([
  [1, 0.1],
  [5, -0.5],
  [0.1, 1],
  [-0.5, 5],
]);

test('clusters of directions, of length 1; as they are the long ones are apart', () => {
  const options = { generator: new Generator(1) };
  const unit = rowsOf(clusterInputs(inputs, 2, options)).sort((a, b) => b[0]! - a[0]!);
  unit.forEach((row) => expect(Math.hypot(...row)).toBeCloseTo(1, 9));
  expect(unit[0]![0]).toBeGreaterThan(0.99);
  expect(unit[1]![1]).toBeGreaterThan(0.99);
  const plain = clusterInputs(inputs, 4, { ...options, normalize: false });
  expect(rowsOf(plain).map(String).sort()).toEqual(rowsOf(inputs).map(String).sort());
});

test('more clusters than inputs: CLUSTERS', () => {
  expect(() => clusterInputs(inputs, 5, { generator: new Generator(1) })).toThrow(
    expect.objectContaining({ code: 'CLUSTERS' }),
  );
});
