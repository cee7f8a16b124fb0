import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import type { Augment } from './augment.ts';
import { augmented } from './augmented.ts';
import { grey } from './testing.ts';

const change =
  (f: (value: number) => number): Augment =>
  ({ data, shape }) => ({ data: data.map(f), shape });

test('changes come one after another, with one generator', () => {
  const generator = new Generator(1);
  const image = grey([[1, 2]]);
  const changes = [change((x) => x + 1), change((x) => 2 * x)];
  expect([...augmented(image, changes, generator).data]).toEqual([4, 6]);
  expect([...augmented(image, changes.toReversed(), generator).data]).toEqual([3, 5]);
  expect(augmented(image, [], generator)).toBe(image);
  const seen: unknown[] = [];
  const spy: Augment = (given, own) => {
    seen.push(own);
    return given;
  };
  augmented(image, [spy, spy], generator);
  expect(seen).toEqual([generator, generator]);
});
