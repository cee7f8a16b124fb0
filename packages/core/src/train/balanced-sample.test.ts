import { expect, test } from 'vitest';
import { Generator } from '../ground/random.ts';
import { balancedSample } from './balanced-sample.ts';
import { tinyImages } from './testing.ts';

/** Twelve images of class 0, three of class 1 and one of class 2, in no order. */
const labels = [0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0, 1];
const images = tinyImages(
  labels.map((label) => [label]),
  labels,
  3,
);

const sample = (n: number, seed: number) => [...balancedSample(images, n, new Generator(seed))];

const counts = (indices: readonly number[]) =>
  [0, 1, 2].map((label) => indices.filter((i) => labels[i] === label).length);

test.each([
  [3, [1, 1, 1]],
  [5, [2, 2, 1]],
  [7, [3, 3, 1]],
  [11, [7, 3, 1]],
  [16, [12, 3, 1]],
  [99, [12, 3, 1]],
  [0, [0, 0, 0]],
])('of %i images as many are of each class as there are', (n, expected) => {
  for (let seed = 0; seed < 20; seed++) expect(counts(sample(n, seed))).toEqual(expected);
});

test('indices ascend, each once', () => {
  for (let seed = 0; seed < 20; seed++) {
    const found = sample(14, seed);
    expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
  }
});

test('images are drawn at random: the same by the same seed, and each in its turn', () => {
  expect(sample(5, 7)).toEqual(sample(5, 7));
  // An image of class 0 is in a sample of three with a chance of 1/12: in none of 1000 in (11/12)^1000 = 1e-38 of all.
  const seen = new Set(Array.from({ length: 1000 }, (_, seed) => sample(3, seed)).flat());
  expect(seen.size).toBe(labels.length);
});
