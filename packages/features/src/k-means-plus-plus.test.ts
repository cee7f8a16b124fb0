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

test('what earlier choices left counts, also among those made by the same distances', () => {
  // Eight pairs far from each other: of every pair one, before any second one.
  const pairs = line(...Array.from({ length: 16 }, (_, i) => 100 * Math.floor(i / 2) + (i % 2)));
  for (const chosen of choices(300, pairs, 8))
    expect(new Set(chosen.map((row) => Math.floor(row / 2))).size).toBeGreaterThan(6);
  const whole = choices(300, pairs, 8).filter(
    (chosen) => new Set(chosen.map((row) => Math.floor(row / 2))).size === 8,
  );
  expect(whole.length).toBeGreaterThan(290);
});

/** Arthur and Vassilvitskii's own algorithm: all distances after every choice. */
function oneByOne({ n, data }: Features, m: number, generator: Generator): number[] {
  const chosen = [generator.integer(n)];
  while (chosen.length < m) {
    const weights = Float64Array.from({ length: n }, (_, i) =>
      Math.min(...chosen.map((k) => (data[i]! - data[k]!) ** 2)),
    );
    chosen.push(generator.pick(weights));
  }
  return chosen;
}

test('the last choices are as likely as one by one', () => {
  const features = line(0, 1, 3, 4, 4.5, 6, 9, 9.2, 11, 15, 15.5, 17);
  const [draws, m] = [4000, 9];
  const shares = (all: number[][]) =>
    Array.from({ length: features.n }, (_, row) =>
      [m - 2, m - 1].map((at) => all.filter((chosen) => chosen[at] === row).length / draws),
    ).flat();
  const found = shares(choices(draws, features, m));
  const generator = new Generator(2);
  const expected = shares(Array.from({ length: draws }, () => oneByOne(features, m, generator)));
  expected.forEach((share, at) => {
    const deviation = Math.sqrt((2 * share * (1 - share)) / draws);
    expect(Math.abs(found[at]! - share)).toBeLessThan(4 * deviation + 1e-3);
  });
});
