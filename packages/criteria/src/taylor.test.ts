import { createEagerEngine, type Engine, type StateDict } from '@kcr/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { taylor } from './taylor.ts';
import { dataOf, images, labels, scoresOf, weights } from './testing.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEagerEngine({ backend: 'cpu' });
});
afterAll(() => engine.dispose());

/** Mean cross-entropy in float64. */
function loss(state: Readonly<Record<string, ArrayLike<number>>>): number {
  const [w1, b1, w2, b2] = ['fc1.weight', 'fc1.bias', 'fc2.weight', 'fc2.bias'].map(
    (name) => state[name]!,
  ) as [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];
  const each = images.map((x, n) => {
    const h = [0, 1, 2, 3].map((c) => x.reduce((sum, v, j) => sum + w1[3 * c + j]! * v, b1[c]!));
    const logits = [0, 1].map((k) => h.reduce((sum, v, c) => sum + w2[4 * k + c]! * v, b2[k]!));
    return Math.log(logits.reduce((sum, x) => sum + Math.exp(x), 0)) - logits[labels[n]!]!;
  });
  return each.reduce((a, b) => a + b) / images.length;
}

/** w dL/dw of each weight, by differences. */
function changes(state: StateDict): Record<string, number[]> {
  const plain = Object.fromEntries(
    Object.entries(state).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
  return Object.fromEntries(
    Object.entries(plain).map(([name, values]) => [
      name,
      Array.from(values, (w, i) => {
        const at = (h: number) => loss({ ...plain, [name]: values.with(i, w + h) });
        return (w * (at(1e-5) - at(-1e-5))) / 2e-5;
      }),
    ]),
  );
}

/** The weights that carry channel c: a row of fc1, its bias and a column of fc2. */
function ofChannel(c: number): number[] {
  const change = changes(weights);
  return [
    ...change['fc1.weight']!.slice(3 * c, 3 * c + 3),
    change['fc1.bias']![c]!,
    change['fc2.weight']![c]!,
    change['fc2.weight']![4 + c]!,
  ];
}

describe.each([
  [{}, (all: number[]) => all.reduce((a, b) => a + b) ** 2],
  [{ form: 'squareOfSum' as const }, (all: number[]) => all.reduce((a, b) => a + b) ** 2],
  [{ form: 'sumOfSquares' as const }, (all: number[]) => all.reduce((a, b) => a + b * b, 0)],
])('%j', (options, expected) => {
  // A mean over images, however they are put into batches: three of them are of another size.
  test.each([1, 2, 5])('scores are those of differences, with batches of %i', async (batchSize) => {
    const { hidden, names } = await scoresOf(taylor(options), engine, { batchSize });
    expect(names).toEqual(['hidden']);
    hidden.forEach((x, c) => expect(x).toBeCloseTo(expected(ofChannel(c)), 5));
    expect(hidden[2]).toBe(0);
    expect(Math.max(...hidden)).toBeGreaterThan(0.01);
  });
});

test('images that come twice count twice', async () => {
  const twice = dataOf([...images, ...images], [...labels, ...labels]);
  const [once, again] = [
    await scoresOf(taylor({}), engine),
    await scoresOf(taylor({}), engine, { data: twice }),
  ];
  again.hidden.forEach((x, c) => expect(x).toBeCloseTo(once.hidden[c]!, 5));
});

test('the engine is left as it was', async () => {
  await scoresOf(taylor({}), engine);
  expect(engine.names()).toEqual([]);
});
