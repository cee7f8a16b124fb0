import { expect, test } from 'vitest';
import { Generator } from '../ground/random.ts';
import {
  constantInit,
  fanInUniform,
  type Initializer,
  normal,
  ones,
  truncatedNormal,
  zeros,
} from './initializer.ts';

const n = 40_000;

/** Moments of many draws, and their largest size. */
function drawn(init: Initializer) {
  const values = [...init(new Generator(3), [n])];
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const moment = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / n;
  return {
    mean,
    variance: moment(2),
    kurtosis: moment(4) / moment(2) ** 2,
    largest: values.reduce((most, x) => Math.max(most, Math.abs(x)), 0),
  };
}

const phi = (x: number) => Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI);
/** Of a standard normal within +-2. */
const truncatedVariance = 1 - (4 * phi(2)) / 0.954499736;

test.each<[string, Initializer, number, number, [number, number]]>([
  ['normal', normal(3), 9, 3, [9, 20]],
  ['truncated, its cut far away', truncatedNormal(0.02), 4e-4, 3, [0.06, 0.14]],
  ['truncated, its cut at two deviations', truncatedNormal(1), truncatedVariance, 2.37, [1.9, 2]],
  ['uniform in +-1/sqrt(fan-in)', fanInUniform(16), 1 / 48, 1.8, [0.24, 0.25]],
])(
  '%s: mean 0, variance, kurtosis and largest value',
  (_, init, variance, kurtosis, [least, most]) => {
    const { mean, largest, ...found } = drawn(init);
    // Five standard deviations of a mean, and of a variance, of n draws.
    expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(5 * Math.sqrt((kurtosis - 1) / n));
    expect(found.kurtosis).toBeCloseTo(kurtosis, 0.5);
    expect(largest).toBeGreaterThan(least);
    expect(largest).toBeLessThanOrEqual(most);
  },
);

test('constants', () => {
  const generator = new Generator(1);
  expect([...zeros(generator, [2, 2])]).toEqual([0, 0, 0, 0]);
  expect([...ones(generator, [3])]).toEqual([1, 1, 1]);
  expect([...constantInit(-2.5)(generator, [])]).toEqual([-2.5]);
});

test('the shape gives the number of values, and the same seed the same ones', () => {
  for (const init of [normal(1), truncatedNormal(1), fanInUniform(4)]) {
    const values = init(new Generator(5), [2, 3, 4]);
    expect(values).toHaveLength(24);
    expect(init(new Generator(5), [24])).toEqual(values);
    expect(init(new Generator(6), [24])).not.toEqual(values);
  }
});
