import { type AnalysisContext, float32, Generator } from '@kcr/core';
import { rows, toFeatures } from '@kcr/features';
import { expect, test } from 'vitest';
import { bottleneckAnalysis } from './bottleneck-analysis.ts';

/** Four classes on the axes of four features, three images each. */
const labels = Int32Array.from({ length: 12 }, (_, i) => i % 4);
const features = float32(
  [12, 4],
  [...labels].flatMap((label) => [0, 1, 2, 3].map((j) => Number(j === label))),
);

const contextOf = (train: object, order = [...labels.keys()]) =>
  ({
    generator: new Generator(1),
    batchSize: 5,
    features: async (indices: Int32Array) => {
      const { d, data } = rows(toFeatures(features), indices);
      return float32([indices.length, d], data);
    },
    train: {
      length: 12,
      classes: ['a', 'b', 'c', 'd'],
      shape: [1, 1, 2],
      batch: async (indices: Int32Array) => ({
        image: float32(
          [indices.length, 1, 1, 2],
          [...indices].flatMap((i) => [order[i]! % 2, 1 - (order[i]! % 2)]),
        ),
      }),
      ...train,
    },
  }) as unknown as AnalysisContext;

test('the numbers belong together, and say as much as the clusters can', async () => {
  const { numbers } = await bottleneckAnalysis({}).measure(contextOf({ labels }));
  const { iXtX, iXtY, ib } = numbers as Record<'iXtX' | 'iXtY' | 'ib', number>;
  expect(ib).toBeCloseTo(iXtX - iXtY, 12);
  // Distances on the unit sphere are 0 or 2: own clusters have weight 1, others e^-2.
  const [own, other] = [1, Math.exp(-2)].map((w) => w / (1 + 3 * Math.exp(-2)));
  const expected = own! * Math.log(4 * own!) + 3 * other! * Math.log(4 * other!);
  expect(iXtY).toBeCloseTo(expected, 9);
  expect(iXtX).toBeGreaterThan(0);
  expect(iXtX).toBeLessThan(Math.LN2);
});

test('images without classes of their own have no numbers', async () => {
  expect(await bottleneckAnalysis({}).measure(contextOf({}))).toEqual({ numbers: {} });
});
