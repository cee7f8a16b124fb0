import { expect, test } from 'vitest';
import { isGeneratorState } from './generator-state.ts';
import { Generator } from './random.ts';

test('every state of a generator is one', () => {
  const generator = new Generator(7);
  for (let i = 0; i < 1000; i++) {
    expect(isGeneratorState(generator.state)).toBe(true);
    generator.uniform();
  }
});

test.each<[unknown]>([
  [undefined],
  ['1,2,3,4'],
  [[1, 2, 3]],
  [[1, 2, 3, 4, 5]],
  [[1, 2, 3, 0.5]],
  [[1, 2, 3, 2 ** 31]],
  [[1, 2, 3, null]],
  // It would give zeros for ever.
  [[0, 0, 0, 0]],
])('%j is none', (value) => {
  expect(isGeneratorState(value)).toBe(false);
});
