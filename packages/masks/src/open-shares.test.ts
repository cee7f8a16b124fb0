import { expect, test } from 'vitest';
import { type MaskNoise, OpenShareMeter } from './open-shares.ts';

const sharesOf = (theta: number[], noise: MaskNoise) => {
  const meter = new OpenShareMeter();
  meter.add(theta);
  return meter.shares(noise);
};

// numpy, over 2 million quantiles e of the logistic: mean(1 / (1 + exp(-(theta + scale e) / tau))), 1 / (1 + exp(-theta / scale)).
test.each<[number, MaskNoise, number, number]>([
  [2, { tau: 1, scale: 1 }, 0.794487, 0.880797],
  [2, { tau: 0.5, scale: 1 }, 0.851414, 0.880797],
  [-1, { tau: 0.05, scale: 1 }, 0.269314, 0.268941],
  [-1, { tau: 4.5, scale: 1 }, 0.446684, 0.268941],
  [0.3, { tau: 0.9, scale: 0.2 }, 0.579608, 0.817574],
])('theta %f with %o', (theta, noise, soft, training) => {
  const found = sharesOf([theta], noise);
  expect(Math.abs(found.soft - soft)).toBeLessThan(1e-3);
  // A bin's width of theta, over the scale, moves a share by at most a quarter of it.
  expect(Math.abs(found.training - training)).toBeLessThan(1e-3 / noise.scale);
  expect(found.evaluation).toBe(theta > 0 ? 1 : 0);
});

test('0 is closed, and without noise training is evaluation', () => {
  const theta = [-40, -0.001, 0, 0.001, 0.002, 40];
  const found = sharesOf(theta, { tau: 1e-3, scale: 0 });
  expect(found.evaluation).toBe(3 / 6);
  const apart = sharesOf([-40, -0.1, 0.1, 40], { tau: 1e-3, scale: 0 });
  expect(apart).toEqual({ evaluation: 0.5, training: 0.5, soft: 0.5 });
});

test('batches add up', () => {
  const meter = new OpenShareMeter();
  meter.add([1, 1, 1]);
  meter.add([-1]);
  expect(meter.shares({ tau: 1, scale: 1 }).evaluation).toBe(3 / 4);
});
