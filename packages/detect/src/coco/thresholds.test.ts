import { expect, test } from 'vitest';
import { RECALLS, THRESHOLDS } from './thresholds.ts';

test("they are numpy's, to the last bit where it matters", () => {
  // numpy.linspace(0.5, 0.95, 10)
  expect(THRESHOLDS).toEqual(
    [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95].map((x) => expect.closeTo(x, 12)),
  );
  expect([THRESHOLDS[0], THRESHOLDS[9]]).toEqual([0.5, 0.95]);
  expect(RECALLS).toHaveLength(101);
  expect([RECALLS[0], RECALLS[50], RECALLS[100]]).toEqual([0, 0.5, 1]);
});
