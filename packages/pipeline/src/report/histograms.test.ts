import { float32 } from '@kcr/core';
import { expect, test } from 'vitest';
import { histogramsOf } from './histograms.ts';

test('values are counted epoch by epoch, in bins that all arrays share', () => {
  // Bins of 1 from 0 to 24.
  const { epochs, bins, panels } = histogramsOf({
    a: float32([2, 3], [0, 0.5, 24, 1, 1.5, 23.5]),
    b: float32([2, 1], [12, 12.9]),
  });
  expect(epochs).toEqual([1, 2]);
  expect(bins).toEqual(Array.from({ length: 24 }, (_, i) => expect.closeTo(i + 0.5, 6)));
  const at = (...filled: [bin: number, count: number][]) =>
    Array.from({ length: 24 }, (_, i) => filled.find(([bin]) => bin === i)?.[1] ?? 0);
  expect(panels).toEqual([
    { name: 'a', counts: [at([0, 2], [23, 1]), at([1, 2], [23, 1])] },
    { name: 'b', counts: [at([12, 1]), at([12, 1])] },
  ]);
});

test('of many epochs the first, the last and some between are shown', () => {
  const { epochs, panels } = histogramsOf({ a: float32([500, 1], 3) });
  expect(epochs).toHaveLength(60);
  expect([epochs[0], epochs.at(-1)]).toEqual([1, 500]);
  // All are equal: one bin.
  expect(panels[0]!.counts.every((own) => own[0] === 1)).toBe(true);
});
