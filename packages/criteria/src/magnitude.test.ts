import { createEagerEngine, type Engine } from '@kcr/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { magnitude } from './magnitude.ts';
import { scoresOf } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

// A row of fc1 and a column of fc2, without biases.
test.each([
  [{}, [5.25 + 1.25, 2 + 4.25, 0, 6 + 1.5625]],
  [{ norm: 2 as const }, [6.5, 6.25, 0, 7.5625]],
  [{ norm: 1 as const }, [3.5 + 1.5, 2 + 2.5, 0, 4 + 1.75]],
])('sums over the weights of a channel, %j', async (options, expected) => {
  const { hidden, names } = await scoresOf(magnitude(options), engine);
  expect(names).toEqual(['hidden']);
  hidden.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 6));
});
