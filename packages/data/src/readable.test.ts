import { KcrError } from '@kcr/core';
import { expect, test } from 'vitest';
import { Refusals } from './invalid.ts';
import { readable } from './readable.ts';

const files = Array.from({ length: 40 }, (_, i) => i);
const damaged = (file: number) => file % 7 === 3;
const read = async (file: number) => {
  if (!damaged(file)) return;
  const code = file < 20 ? 'IMAGE_READ' : 'LABEL_MAP_READ';
  throw new KcrError(code, { where: String(file), found: 'x', fix: 'y' });
};

test('damaged files are left out and counted by what is wrong, the others stay in their order', async () => {
  const refusals = new Refusals('skip');
  expect(await readable(files, refusals, read)).toEqual(files.filter((file) => !damaged(file)));
  // 3, 10, 17; 24, 31, 38.
  expect(refusals.skipped).toEqual({ IMAGE_READ: 3, LABEL_MAP_READ: 3 });
});

test('nothing is read where they are an error, and errors of another kind are not swallowed', async () => {
  const never = () => Promise.reject(new Error('read'));
  expect(await readable(files, new Refusals('error'), never)).toBe(files);
  await expect(readable(files, new Refusals('skip'), never)).rejects.toThrow('read');
});
