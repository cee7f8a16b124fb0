import { expect, test } from 'vitest';
import { topClasses } from './top-classes.ts';

test('the softmax by hand, best first', () => {
  const found = topClasses([Math.log(2), Math.log(5), 0], 2);
  expect(found.map(({ label }) => label)).toEqual([1, 0]);
  expect(found[0]!.probability).toBeCloseTo(5 / 8, 12);
  expect(found[1]!.probability).toBeCloseTo(2 / 8, 12);
});

test('large logits have finite probabilities', () =>
  expect(topClasses(Float32Array.of(1e4, -1e4))).toEqual([
    { label: 0, probability: 1 },
    { label: 1, probability: 0 },
  ]));
