import { createEagerEngine, type Engine } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { random } from './random.ts';
import { scoresOf } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

test('a number from 0 to 1 for each channel that can be pruned, the same for the same seed', async () => {
  const { hidden, names } = await scoresOf(random({}), engine);
  expect(names).toEqual(['hidden']);
  expect(hidden).toHaveLength(4);
  for (const x of hidden) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThan(1);
  }
  expect(new Set(hidden).size).toBe(4);
  expect((await scoresOf(random({}), engine)).hidden).toEqual(hidden);
  expect((await scoresOf(random({}), engine, { seed: 2 })).hidden).not.toEqual(hidden);
});
