import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { clippedByEntropy, clippedByPercentile } from './clipping.ts';
import type { Histogram } from './range.ts';
import { uint8Of } from './static.ts';

const BINS = 2048;

function histogram(values: readonly number[]): Histogram {
  const sorted = Float64Array.from(values).sort();
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const bins = new Float64Array(BINS);
  for (const x of values)
    bins[Math.min(Math.floor((x - low) * (BINS / (high - low))), BINS - 1)]!++;
  return { low, high, bins };
}

/** Normal values, and far outliers among them. */
function values(outliers: readonly number[]): number[] {
  const generator = new Generator(1);
  return [...Array.from({ length: 50_000 }, () => generator.normal()), ...outliers];
}

const CLIPS = { percentile: clippedByPercentile, entropy: clippedByEntropy };

describe.each(Object.entries(CLIPS))('%s', (_, clip) => {
  test('leaves out what lies far outside', () => {
    const { low, high } = clip(histogram(values([40, 60])));
    expect(high).toBeLessThan(8);
    expect(high).toBeGreaterThan(2.5);
    expect(low).toBeLessThan(-2.5);
  });

  test('keeps what is spread evenly', () => {
    const even = Array.from({ length: 20_000 }, (_, i) => i / 20_000);
    const { low, high } = clip(histogram(even));
    expect(low).toBeLessThan(0.01);
    expect(high).toBeGreaterThan(0.99);
  });

  test('has an end for each side', () => {
    const { low, high } = clip(histogram(values([-50]).map((x) => Math.max(x, -1))));
    expect(low).toBeGreaterThan(-1.1);
    expect(high).toBeGreaterThan(2.5);
  });
});

test('the percentile leaves half of 0.01 % at each end', () => {
  const even = Array.from({ length: 2048 * 100 }, (_, i) => (i + 0.5) / (2048 * 100));
  const { low, high } = clippedByPercentile(histogram(even));
  expect(low).toBeCloseTo(0, 3);
  expect(high).toBeCloseTo(1, 3);
});

test.each([
  [{ low: -1, high: 1.55 }, 0.01, 100],
  [{ low: 0, high: 2.55 }, 0.01, 0],
  [{ low: 1, high: 2.55 }, 0.01, 0],
  [{ low: -2.55, high: -1 }, 0.01, 255],
  [{ low: 0, high: 0 }, 1, 0],
])('unsigned bytes over %j have 0 exactly', (range, scale, zero) => {
  const found = uint8Of(range);
  expect(found.scale).toBeCloseTo(scale, 6);
  expect(found.zero).toBe(zero);
});
