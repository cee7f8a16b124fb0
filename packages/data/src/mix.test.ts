import { float32, Generator, int32, type LabelledBatch } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { mix } from './mix.ts';

const [n, side, classes] = [4, 8, 3];

/** Image i is filled with i + 1. */
const batch: LabelledBatch = {
  image: float32(
    [n, side, side, 2],
    Array.from({ length: n * side * side * 2 }, (_, at) => 1 + Math.floor(at / (side * side * 2))),
  ),
  label: int32([n], [0, 1, 2, 2]),
};

const imageOf = ({ image }: LabelledBatch, i: number) =>
  Array.from(image.data.slice(i * side * side * 2, (i + 1) * side * side * 2));
const targetOf = ({ target }: LabelledBatch, i: number) =>
  Array.from(target!.data.slice(i * classes, (i + 1) * classes));

test('mixup: one share for images and targets', () => {
  for (let seed = 0; seed < 20; seed++) {
    const mixed = mix(batch, classes, { mixup: 0.8 }, new Generator(seed));
    const lambda = targetOf(mixed, 0)[0]!;
    expect(lambda).toBeGreaterThan(0);
    expect(lambda).toBeLessThan(1);
    for (const x of imageOf(mixed, 0)) expect(x).toBeCloseTo(lambda * 1 + (1 - lambda) * 4, 5);
    for (const x of imageOf(mixed, 1)) expect(x).toBeCloseTo(lambda * 2 + (1 - lambda) * 3, 5);
    expect(targetOf(mixed, 0)[2]).toBeCloseTo(1 - lambda, 6);
  }
});

test('CutMix: a box of the other image, and its share of the area as target', () => {
  const shares = new Set<number>();
  for (let seed = 0; seed < 20; seed++) {
    const mixed = mix(batch, classes, { cutmix: 1 }, new Generator(seed));
    const pixels = imageOf(mixed, 0);
    const other = pixels.filter((x) => x === 4).length / pixels.length;
    expect(pixels.every((x) => x === 1 || x === 4)).toBe(true);
    expect(targetOf(mixed, 0)[2]).toBeCloseTo(other, 6);
    // The same box in every image.
    expect(imageOf(mixed, 1).map((x) => x === 3)).toEqual(pixels.map((x) => x === 4));
    shares.add(other);
  }
  expect(shares.size).toBeGreaterThan(5);
});

describe.each([
  ['both', { mixup: 0.8, cutmix: 1 }],
  ['some batches', { mixup: 1, probability: 0.5 }],
  ['none', {}],
])('%s', (_, options) => {
  test('targets sum to 1, and the same seed mixes alike', () => {
    for (let seed = 0; seed < 20; seed++) {
      const mixed = mix(batch, classes, options, new Generator(seed));
      for (let i = 0; i < n; i++)
        expect(targetOf(mixed, i).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      expect(mix(batch, classes, options, new Generator(seed))).toEqual(mixed);
      expect(mixed.label).toBe(batch.label);
    }
  });
});

test('without mixing, images stay and targets are one-hot', () => {
  const plain = mix(batch, classes, {}, new Generator(1));
  expect(plain.image).toBe(batch.image);
  expect(targetOf(plain, 1)).toEqual([0, 1, 0]);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a shape of %d is refused', (shape) => {
  for (const options of [{ mixup: shape }, { cutmix: shape }])
    expect(() => mix(batch, classes, options, new Generator(1))).toThrow(
      expect.objectContaining({ code: 'OPTION', where: 'mixup, cutmix' }),
    );
});

test('a large shape mixes about half and half', () => {
  const mixed = mix(batch, classes, { mixup: 1e6 }, new Generator(1));
  // Images of two classes, each with a standard deviation of 0.0004.
  for (const x of targetOf(mixed, 0)) if (x > 0) expect(x).toBeCloseTo(0.5, 2);
});
