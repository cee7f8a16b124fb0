import { expect, test } from 'vitest';
import { literal } from './literal.ts';

test('short parts stand in one line, keys without quotes where they need none', () => {
  const value = {
    name: "it's",
    'a-b': [1, 2.5e-6, null, true],
    empty: {},
    absent: undefined,
    long: Array.from({ length: 30 }, (_, i) => i),
  };
  expect(literal(value)).toBe(`{
  name: "it's",
  'a-b': [1, 0.0000025, null, true],
  empty: {},
  long: [
${value.long.map((i) => `    ${i},`).join('\n')}
  ],
}`);
});

test.each([
  [{ a: 'C:\\x\ny', b: [{ c: [] }], 'two words': "'" }],
  [[[], {}, [[1]], 'x'.repeat(200)]],
  ['text'],
])('%j is the same again', (value) => {
  expect(new Function(`return (${literal(value)});`)()).toEqual(value);
});
