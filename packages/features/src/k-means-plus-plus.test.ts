import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import type { Features } from './features.ts';
import { kMeansPlusPlus } from './k-means-plus-plus.ts';

const line = (...at: number[]): Features => ({ n: at.length, d: 1, data: at });

/** Choices of one stream. */
function choices(n: number, features: Features, m: number): number[][] {
  const generator = new Generator(1);
  return Array.from({ length: n }, () => [...kMeansPlusPlus(features, m, generator)]);
}

test('the first one is uniform', () => {
  const found = choices(400, line(0, 1, 100, 1000), 1).flat();
  for (let i = 0; i < 4; i++) {
    const share = found.filter((first) => first === i).length / 400;
    // The standard deviation is 0.022.
    expect(Math.abs(share - 0.25)).toBeLessThan(0.12);
  }
});

test('the next one is chosen in proportion to the squared distance', () => {
  // From 0: 1 and 4, so a fifth and four fifths. From 1: 1 and 1. From 2: 4 and 1.
  const found = choices(900, line(0, 1, 2), 2);
  const share = (first: number, second: number) => {
    const own = found.filter(([a]) => a === first);
    return own.filter(([, b]) => b === second).length / own.length;
  };
  // With about 300 cases the standard deviation is at most 0.03.
  for (const [first, second, expected] of [
    [0, 2, 0.8],
    [0, 1, 0.2],
    [1, 0, 0.5],
    [2, 0, 0.8],
  ] as const)
    expect(Math.abs(share(first, second) - expected)).toBeLessThan(0.15);
});

test('distances are those from the nearest one that was chosen', () => {
  // Once 0 and 1000 are taken, 500 is far from both and 1 is near.
  for (const chosen of choices(50, line(0, 1e-6, 500, 1000), 3))
    expect(chosen.some((i) => i < 2) && chosen.includes(2) && chosen.includes(3)).toBe(true);
});

test('each row once, duplicates only when nothing else is left', () => {
  for (const chosen of choices(30, line(7, 7, 7, 8), 4)) {
    expect([...chosen].sort()).toEqual([0, 1, 2, 3]);
    // The one at 8 is among the first two.
    expect(chosen.indexOf(3)).toBeLessThan(2);
  }
});

test('in several dimensions distance is Euclidean', () => {
  const features = { n: 3, d: 2, data: [0, 0, 3, 4, 0, 1e-3] };
  for (const [first, second] of choices(40, features, 2)) if (first !== 1) expect(second).toBe(1);
});
