import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { measure } from './measure.ts';

test('where the clock goes in large steps, quick calls are repeated; the ratio is that of single ones', async () => {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => Math.floor(now()));
  let quick = 0;
  const { models, runs } = await measure([() => wait(60), async () => wait(6).then(() => quick++)]);
  vi.restoreAllMocks();
  expect(runs).toBeGreaterThanOrEqual(11);
  expect(quick).toBeGreaterThan(3 * runs);
  const [first, second] = models;
  expect(first!.speedup).toEqual({ median: 1, low: 1, high: 1 });
  expect(first!.ms.median).toBeGreaterThan(55);
  expect(second!.ms.median).toBeLessThan(30);
  expect(second!.speedup.median).toBeGreaterThan(2);
});
