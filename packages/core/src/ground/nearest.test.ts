import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test('names are sorted by the letters to put in, take out or change', () => {
  // Of "sitting": kitten 3 (Levenshtein's example), sitting 0, fitting 1, bitten 3.
  const names = ['kitten', 'fitting', 'sitting', 'elephant'];
  expect(nearest('sitting', names)).toEqual(['sitting', 'fitting', 'kitten']);
  expect(nearest('patch_embd', ['head', 'pos_embed', 'patch_embed'], 1)).toEqual(['patch_embed']);
});

test('of no names none is near, and nothing is like everything', () => {
  expect(nearest('x', [])).toEqual([]);
  expect(nearest('', ['abc', 'a'])).toEqual(['a', 'abc']);
});
