import { expect, test } from 'vitest';
import { isCount, isRecord } from './json-value.ts';

test.each<[unknown, boolean, boolean]>([
  [0, true, false],
  [7, true, false],
  [2 ** 53 - 1, true, false],
  [2 ** 53, false, false],
  [-1, false, false],
  [0.5, false, false],
  [Number.NaN, false, false],
  ['7', false, false],
  [true, false, false],
  [null, false, false],
  [undefined, false, false],
  [[], false, false],
  [[7], false, false],
  [{}, false, true],
  [{ length: 0 }, false, true],
])('%j: a count %j, a record %j', (value, count, record) => {
  expect(isCount(value)).toBe(count);
  expect(isRecord(value)).toBe(record);
});
