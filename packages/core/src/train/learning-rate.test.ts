import { expect, test } from 'vitest';
import { type Decay, learningRate } from './learning-rate.ts';

const rate = (step: number, decay?: Decay) =>
  learningRate(step, { lr: 1, minLr: 0.1, warmupSteps: 10, totalSteps: 110, decay });

test('the warm-up is a line from the floor, whatever follows', () => {
  for (const decay of ['cosine', 'linear', { milestones: [0.5] }] as const) {
    expect(rate(0, decay)).toBeCloseTo(0.1, 12);
    expect(rate(5, decay)).toBeCloseTo(0.55, 12);
    expect(rate(10, decay)).toBeCloseTo(1, 12);
  }
});

test('then a cosine, a line, or tenths', () => {
  expect([rate(60), rate(110), rate(200)].map((x) => x.toFixed(6))).toEqual([
    ...['0.550000', '0.100000', '0.100000'],
  ]);
  expect(rate(35)).toBeCloseTo(0.1 + 0.9 * (0.5 + Math.SQRT2 / 4), 12);
  expect([rate(35, 'linear'), rate(110, 'linear')]).toEqual([0.775, 0.1]);
  const steps = { milestones: [0.5, 0.9] };
  expect([54, 55, 98, 99].map((step) => rate(step, steps))).toEqual([
    ...[1, 0.1, 0.1, expect.closeTo(0.01, 12)],
  ]);
});
