import { expect, test } from 'vitest';
import { kernelComplexity } from './kernel-complexity.ts';
import { projectionTails } from './nystrom.ts';
import { covariance, eigen, gramSpectrum } from './spectrum.ts';
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

test("TNN at the argmin has the direction of KC's gradient: dKC = dTNN_h / (2 sqrt(n TNN_h))", () => {
  const features = lowRank(40, 12, 12);
  const { n, d } = features;
  const data = Array.from(features.data);
  const kc = (values: number[]) =>
    kernelComplexity(spectrumTails(gramSpectrum({ n, d, data: values })), n);
  const { argmin: h } = kc(data);
  expect(h).toBeGreaterThan(0);
  expect(h).toBeLessThan(d);
  const s = covariance(features);
  const basis = eigen(s).vectors.subMatrix(0, d - 1, 0, h - 1);
  const factor = 1 / (2 * Math.sqrt(n * projectionTails(s, basis)[h]!));
  const step = 1e-5;
  for (const at of [0, 7, 100, 333]) {
    const row = data.slice(at - (at % d), at - (at % d) + d);
    const held = basis.mmul(basis.transpose()).getRow(at % d);
    const outside = data[at]! - held.reduce((sum, x, j) => sum + x * row[j]!, 0);
    const shifted = (by: number) => kc(data.with(at, data[at]! + by)).value;
    const slope = (shifted(step) - shifted(-step)) / (2 * step);
    expect(slope).toBeCloseTo(factor * (2 / n) * outside, 7);
  }
});
