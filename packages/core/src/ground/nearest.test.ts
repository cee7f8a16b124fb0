import { expect, test } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

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

test('a message proposes what is much like the name, and lists all', () => {
  const names = ['macs', 'params', 'uniform'];
  expect(didYouMean('unifrom', names, 'Use one of')).toBe(
    'Did you mean uniform? Use one of macs, params, uniform',
  );
  expect(didYouMean('latency', names, 'Use one of')).toBe('Use one of macs, params, uniform');
  expect(didYouMean('x', [], 'It exports')).toBe('It exports ');
});
