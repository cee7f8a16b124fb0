import { expect, test } from 'vitest';
import { folderOf } from './run-analysis.ts';

test.each([
  ['compact', 'compact'],
  ['compactNoTnn', 'compact-no-tnn'],
  ['aBC', 'a-b-c'],
  ['v2Long', 'v2-long'],
])('the folder of %s is %s', (name, folder) => {
  expect(folderOf(name)).toBe(folder);
});
