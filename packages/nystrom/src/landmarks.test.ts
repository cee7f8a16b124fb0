import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import {
  checkLandmarks,
  type ImageSampling,
  imageSamplings,
  landmarkFeatures,
  landmarkSamplings,
  sampleLandmarks,
} from './landmarks.ts';
import { featuresOf } from './testing.ts';

/** Samples of one stream. */
function samples(n: number, rows: number[][], m: number, sampling: ImageSampling): number[][] {
  const generator = new Generator(1);
  const features = featuresOf(rows);
  return Array.from({ length: n }, () => [...sampleLandmarks(features, m, sampling, generator)]);
}
const share = (found: number[][], i: number) =>
  found.filter((chosen) => chosen.includes(i)).length / found.length;

describe.each(imageSamplings)('%s', (sampling) => {
  test('landmarks are distinct and ascending, also among equal images', () => {
    const same = Array.from({ length: 9 }, () => [1, 1]);
    for (const m of [1, 4, 9])
      for (const chosen of samples(10, same, m, sampling)) {
        expect(chosen).toHaveLength(m);
        expect(chosen).toEqual([...new Set(chosen)].sort((a, b) => a - b));
        expect(chosen.every((i) => i >= 0 && i < 9)).toBe(true);
      }
  });

  test('any image may be one, and images of zeros, too', () => {
    const zeros = Array.from({ length: 4 }, () => [0, 0]);
    const found = samples(60, zeros, 2, sampling);
    for (let i = 0; i < 4; i++) expect(share(found, i)).toBeGreaterThan(0.1);
  });

  test.each([0, 10, 2.5])('%d of nine: LANDMARKS', (m) => {
    const same = featuresOf(Array.from({ length: 9 }, () => [1, 1]));
    expect(() => sampleLandmarks(same, m, sampling, new Generator(0))).toThrow(
      expect.objectContaining({ code: 'LANDMARKS', found: `${m} landmarks from 9 images` }),
    );
  });
});

test('uniform: all alike', () => {
  const rows = [
    [100, 0],
    [1, 0],
    [0, 1],
    [0, 0.1],
  ];
  const found = samples(400, rows, 1, 'uniform');
  // The standard deviation is 0.022.
  for (let i = 0; i < 4; i++) expect(Math.abs(share(found, i) - 0.25)).toBeLessThan(0.12);
});

test('kmeans++: one of each of two groups that lie far apart', () => {
  const rows = [
    [0, 0],
    [0, 1e-3],
    [1e-3, 0],
    [1000, 0],
    [1000, 1e-3],
  ];
  for (const [a, b] of samples(60, rows, 2, 'kmeans++')) {
    expect(a).toBeLessThan(3);
    expect(b).toBeGreaterThanOrEqual(3);
  }
});

test('leverage: in proportion to f^T (S + mean eigenvalue)^-1 f', () => {
  // S is diag(8, 8) / 9, so the ridge is 8 / 9: scores 1, and 8 of them share what the last one has alone.
  const rows = [...Array.from({ length: 8 }, () => [1, 0]), [0, Math.sqrt(8)]];
  const found = samples(400, rows, 1, 'leverage');
  // Half, with a standard deviation of 0.025; uniform would be a ninth.
  expect(Math.abs(share(found, 8) - 0.5)).toBeLessThan(0.14);
});

test('leverage: a direction that hardly matters does not count, by the ridge', () => {
  // Without it each direction would have the same share.
  const rows = [...Array.from({ length: 8 }, () => [1, 0]), [0, 0.1]];
  expect(share(samples(200, rows, 1, 'leverage'), 8)).toBeLessThan(0.1);
});

test.each([
  [1, 1],
  [5, 9],
])('%i of %i are fine', (m, n) => expect(() => checkLandmarks(m, n)).not.toThrow());

test('features of landmarks are those of the images', () => {
  const features = featuresOf([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  for (const sampling of imageSamplings) {
    const [a, b] = sampleLandmarks(features, 2, sampling, new Generator(3));
    const found = landmarkFeatures(features, 2, sampling, new Generator(3));
    expect([...Array.from(found.data)]).toEqual(
      [a!, b!].flatMap((i) => [features.data[2 * i], features.data[2 * i + 1]]),
    );
  }
});

test('k-means: the means of two groups that lie far apart', () => {
  const features = featuresOf([
    [0, 0],
    [0, 2],
    [100, 0],
    [100, 4],
  ]);
  const { n, d, data } = landmarkFeatures(features, 2, 'k-means', new Generator(1));
  expect([n, d]).toEqual([2, 2]);
  expect(Array.from(data).sort((a, b) => a - b)).toEqual([0, 1, 2, 100]);
});

test.each(landmarkSamplings)('%s: too many landmarks are LANDMARKS', (sampling) => {
  const two = featuresOf([[1], [2]]);
  expect(() => landmarkFeatures(two, 3, sampling, new Generator(0))).toThrow(
    expect.objectContaining({ code: 'LANDMARKS' }),
  );
});
