import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { saltAndPepper } from './salt-and-pepper.ts';

const image = { data: new Uint8Array(60 * 60 * 3).fill(100), shape: [60, 60, 3] as const };

test('a share of the pixels turns black or white, whole pixels at a time', () => {
  const { data } = saltAndPepper(0.2)(image, new Generator(1));
  const counts = { black: 0, white: 0, same: 0 };
  for (let at = 0; at < data.length; at += 3) {
    const pixel = [...data.slice(at, at + 3)];
    expect(new Set(pixel).size).toBe(1);
    if (pixel[0] === 100) counts.same++;
    else counts[pixel[0] === 0 ? 'black' : 'white']++;
  }
  expect(counts.same / 3600).toBeCloseTo(0.8, 1);
  expect(counts.black / (counts.black + counts.white)).toBeCloseTo(0.5, 1);
});

test('a density of 0 changes nothing', () => {
  expect(saltAndPepper(0)(image, new Generator(1)).data).toEqual(image.data);
});
