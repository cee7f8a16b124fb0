import { expect, test } from 'vitest';
import { streamNames } from './stream-names.ts';

test.each([
  [[], []],
  [
    [7, 0, 3],
    ['7', '0', '3'],
  ],
  [
    [3, 5, 3, 3, 5],
    ['3', '5', '3:1', '3:2', '5:1'],
  ],
])('images %j have the streams %j', (indices, names) => {
  expect(streamNames(Int32Array.from(indices))).toEqual(names);
});
