import { expect, test } from 'vitest';
import { halvingBrackets } from './halving-brackets.ts';

const plain = { minEpochs: 1, maxEpochs: 81, factor: 3, brackets: 5 };
const pairs = (options: Parameters<typeof halvingBrackets>[0]) =>
  halvingBrackets(options).map((rungs) => rungs.map(({ settings, epochs }) => [settings, epochs]));

test('R = 81, eta = 3 are the brackets of table 1 of the Hyperband paper', () => {
  expect(pairs(plain)).toEqual([
    [
      [81, 1],
      [27, 3],
      [9, 9],
      [3, 27],
      [1, 81],
    ],
    [
      [27, 3],
      [9, 9],
      [3, 27],
      [1, 81],
    ],
    [
      [9, 9],
      [3, 27],
      [1, 81],
    ],
    [
      [6, 27],
      [2, 81],
    ],
    [[5, 81]],
  ]);
});

test('one bracket is successive halving, from as many settings as are asked for', () => {
  expect(pairs({ ...plain, brackets: 1 })).toEqual([pairs(plain)[0]]);
  expect(pairs({ ...plain, minEpochs: 9, brackets: 1, trials: 10 })).toEqual([
    [
      [10, 9],
      [3, 27],
      [1, 81],
    ],
  ]);
});

test('rungs that nothing is left for are left out, and there are no more brackets than there are', () => {
  expect(pairs({ ...plain, brackets: 1, trials: 4 })).toEqual([
    [
      [4, 1],
      [1, 3],
    ],
  ]);
  expect(pairs({ ...plain, minEpochs: 81, brackets: 9 })).toEqual([[[1, 81]]]);
  // 1,000 = 10^3: floating-point logarithms have less.
  expect(pairs({ minEpochs: 1, maxEpochs: 1000, factor: 10, brackets: 1 })[0]).toHaveLength(4);
});
