import { expect, test } from 'vitest';
import { kernelComplexity } from './kernel-complexity.ts';
import { gramSpectrum } from './spectrum.ts';
import { spectrumTails } from './spectrum-tails.ts';
import { lowRank, shapes } from './testing.ts';

// h / n + sqrt(tail / n) by hand, for h = 0, 1, ...
test.each([
  // 0.3, 0.21, 0.12, 0.03
  [[9, 4, 1, 0], 100, 0.03, 3],
  // 1.5, 0.6, 0.5, 0.75
  [[9, 0.49, 0, 0], 4, 0.5, 2],
  // 0.2, 1.1, 2.01, 3
  [[0.04, 0.01, 0.0001, 0], 1, 0.2, 0],
  // 1, 0.5 + 0.1, 1
  [[2, 0.02, 0], 2, 0.6, 1],
  // As good as each other: the first.
  [[9, 4, 1, 0], 1, 3, 0],
  // Rounding below 0 is 0.
  [[1, -1e-9], 4, 0.25, 1],
  [[0], 10, 0, 0],
])('tails %j of %d images', (tails, n, value, argmin) => {
  const found = kernelComplexity(tails, n);
  expect(found.value).toBeCloseTo(value, 12);
  expect(found.argmin).toBe(argmin);
});

test.each(shapes)('%s: at most rank / n and at most sqrt(trace / n)', (_, n, d, rank) => {
  const tails = spectrumTails(gramSpectrum(lowRank(n, d, rank)));
  const { value, argmin } = kernelComplexity(tails, n);
  expect(value).toBeLessThanOrEqual(rank / n + 1e-6);
  expect(value).toBeLessThanOrEqual(Math.sqrt(tails[0]! / n));
  expect(value).toBe(argmin / n + Math.sqrt(tails[argmin]! / n));
});
