import { expect, test } from 'vitest';
import { kcrBounds } from './bounds.ts';
import { featuresOf, lastLayer } from './testing.ts';

/** Two images along two axes. */
const layer = lastLayer(
  featuresOf([
    [2, 0],
    [0, 1],
  ]),
  [0, 1],
);

test('bounds are a L + c (KC + x / n) and a L - c (KC + x / n), not below 0', async () => {
  const options = { complexity: 0.05, steps: [0], upperFactor: 2, lowerFactor: 0.5 };
  const constants = { upperConstant: 3, lowerConstant: 1.5, x: 0.2 };
  const [point] = kcrBounds(await layer, { ...options, ...constants });
  expect(point!.trainingLoss).toBeCloseTo(1, 12);
  expect(point!.upper).toBeCloseTo(2 + 3 * 0.15, 12);
  expect(point!.lower).toBeCloseTo(0.5 - 1.5 * 0.15, 12);
  const [usual] = kcrBounds(await layer, { complexity: 0.05, steps: [0] });
  expect(usual!.upper).toBeCloseTo(1 + 0.05 + Math.log(20) / 2, 12);
  expect(usual!.lower).toBe(0);
});

test('at each step, around the training loss there', async () => {
  const points = kcrBounds(await layer, { complexity: 0.1, steps: [0, 2, 9] });
  expect(points.map(({ step }) => step)).toEqual([0, 2, 9]);
  for (const { step, trainingLoss, lower, upper } of points) {
    expect(trainingLoss).toBe((await layer).trainingLoss(step));
    expect(lower).toBeLessThanOrEqual(trainingLoss);
    expect(upper).toBeGreaterThanOrEqual(trainingLoss);
  }
});
