import { expect, test } from 'vitest';
import { gramSpectrum } from './spectrum.ts';
import { checkRank, spectrumTails, truncatedNuclearNorm } from './spectrum-tails.ts';
import { gram, lowRank, shapes } from './testing.ts';

test('by hand: what is left after the first r', () => {
  expect([...spectrumTails([4, 3, 2, 1])]).toEqual([10, 6, 3, 1, 0]);
  expect([0, 1, 2, 3, 4].map((r) => truncatedNuclearNorm([4, 3, 2, 1], r))).toEqual([
    10, 6, 3, 1, 0,
  ]);
  expect([...spectrumTails([])]).toEqual([0]);
});

test('rounding below 0 counts as 0', () => {
  expect([...spectrumTails([2, 1, -1e-9])]).toEqual([3, 1, 0, 0]);
});

test('small eigenvalues are not lost beside a large one', () => {
  // 1e16 + 1 is 1e16 in float64: added one by one from above they would all be lost.
  expect(spectrumTails([1e16, 1, 1, 1, 1])[0]).toBe(1e16 + 4);
});

test.each(shapes)('%s: TNN_0 is the trace, TNN_d is 0, and tails fall', (_, n, d, rank) => {
  const features = lowRank(n, d, rank);
  const values = gramSpectrum(features);
  const tails = spectrumTails(values);
  expect(tails[0]).toBeCloseTo(gram(features).trace(), 9);
  expect(tails[d]).toBe(0);
  expect(tails[rank]).toBeLessThan(1e-9);
  for (let r = 0; r < d; r++) expect(tails[r]).toBeGreaterThanOrEqual(tails[r + 1]!);
});

test.each([-1, 5, 1.5, Number.NaN])('a rank of %d for four features: RANK', (r) => {
  const error = expect.objectContaining({ code: 'RANK', found: `${r} for 4 features` });
  expect(() => checkRank(r, 4)).toThrow(error);
  expect(() => truncatedNuclearNorm([4, 3, 2, 1], r)).toThrow(error);
});
