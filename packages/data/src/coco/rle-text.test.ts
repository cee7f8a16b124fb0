import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { decodeRuns, encodeRuns } from './rle-text.ts';

// Worked by hand after pycocotools' rleToString; `T3` is what it gives for 10 x 10 zeros.
test.each([
  [[], ''],
  [[0], '0'],
  [[15], '?'],
  // A fifth bit would be a sign, so 16 takes a second character.
  [[16], '`0'],
  [[100], 'T3'],
  [[0, 1, 3, 1, 3, 1], '013000'],
  // 3 - 10 = -7 has its sign in the fifth bit.
  [[5, 10, 2, 3], '5:2I'],
  [[1024], 'PP1'],
])('runs %j are %s', (runs, text) => {
  expect(encodeRuns(runs)).toBe(text);
  expect(decodeRuns(text)).toEqual(runs);
});

test('runs of any length are read back', () => {
  const generator = new Generator(1);
  for (let i = 0; i < 50; i++) {
    const runs = Array.from(
      { length: generator.integer(30) },
      () => Math.floor(2 ** (24 * generator.uniform())) - 1,
    );
    expect(decodeRuns(encodeRuns(runs))).toEqual(runs);
  }
});

test.each([
  ["a bytes object's text, as Python's str gives it", "b'34='", `the character "'" at 1`],
  ['another alphabet', '3~', 'the character "~" at 1'],
  ['a number that does not end', '34P', 'character 3'],
  ['a number of more than 35 bits', 'oooooooo0', 'character 7'],
])('%s: RLE_TEXT', (_, text, found) => {
  expect(() => decodeRuns(text, 'here')).toThrow(
    expect.objectContaining({
      code: 'RLE_TEXT',
      where: 'here',
      found: expect.stringContaining(found),
    }),
  );
});

test('runs of more than 31 bits', () => {
  // 2^31 is 2 x 32^6: six characters of 0 that go on, and a last one of 2.
  expect(decodeRuns('PPPPPP2')).toEqual([2 ** 31]);
});
