import { expect, test } from 'vitest';
import type { SearchOptions } from './fit-options.ts';
import { groupRates } from './group-rates.ts';

const linear = { minLr: 0, decay: 'linear' } as const;
const options = {
  epochs: 2,
  optimizer: { lr: 1, ...linear },
  architectureOptimizer: { lr: 0.5, ...linear },
} as SearchOptions;
const rates = groupRates(options, (group) => (group === 'architecture' ? 2 : 5));

test('each group has its own optimiser and its own steps', () => {
  expect([0, 5, 9].map((step) => rates.rate('weights', step))).toEqual([1, 0.5, 0.1].map(close));
  expect([0, 1, 2, 3].map((step) => rates.rate('architecture', step))).toEqual(
    [0.5, 0.375, 0.25, 0.125].map(close),
  );
});

test('travel is the sum of the rates', () => {
  expect(rates.travel('architecture')).toBeCloseTo(1.25, 12);
  // 1 + 0.9 + ... + 0.1
  expect(rates.travel('weights')).toBeCloseTo(5.5, 12);
});

test('without an optimiser of its own the architecture has that of the weights', () => {
  const { architectureOptimizer: _, ...rest } = options;
  expect(groupRates(rest, () => 2).travel('architecture')).toBeCloseTo(2.5, 12);
});

function close(value: number) {
  return expect.closeTo(value, 12);
}
