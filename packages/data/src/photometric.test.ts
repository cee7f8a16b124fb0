import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import type { Pixels } from './image.ts';
import { type PhotometricOptions, photometricDistortion } from './photometric.ts';
import { draws } from './testing.ts';

/** Changes nothing, whatever is drawn. */
const none: Required<PhotometricOptions> = {
  brightness: 0,
  contrast: [1, 1],
  saturation: [1, 1],
  hue: 0,
};
const image: Pixels = {
  data: Uint8Array.of(200, 100, 50, 60, 180, 120, 90, 60, 150, 90, 90, 90),
  shape: [2, 2, 3],
};
const distorted = (options: PhotometricOptions, given = image, n = 60) =>
  draws(n, (generator) => photometricDistortion({ ...none, ...options })(given, generator));

/** Hue in degrees, as Python's colorsys has it times 360. */
function hueOf(r: number, g: number, b: number): number {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  const part = (x: number) => (most - x) / (most - least);
  const sixth =
    r === most ? part(b) - part(g) : g === most ? 2 + part(r) - part(b) : 4 + part(g) - part(r);
  return (((sixth * 60) % 360) + 360) % 360;
}
const pixels = ({ data }: Pixels) =>
  [0, 1, 2, 3].map((i) => [...data.slice(3 * i, 3 * i + 3)] as [number, number, number]);

test('changes of no size change nothing', () => {
  for (const found of distorted({})) expect([...found.data]).toEqual([...image.data]);
});

test('brightness adds one number to all values, of either sign and at most so much', () => {
  const shifts = distorted({ brightness: 32 }).map(({ data }) => {
    const shift = data[0]! - image.data[0]!;
    data.forEach((value, i) => expect(value - image.data[i]!).toBe(shift));
    return shift;
  });
  expect(Math.max(...shifts.map(Math.abs))).toBeLessThanOrEqual(32);
  expect(Math.max(...shifts)).toBeGreaterThan(8);
  expect(Math.min(...shifts)).toBeLessThan(-8);
});

test('contrast multiplies all values by one factor, and cuts at white', () => {
  const factors = distorted({ contrast: [0.5, 2] }).map(({ data }) => {
    // The grey pixel is never cut, so it says the factor.
    const factor = data[9]! / 90;
    data.forEach((value, i) => {
      const expected = Math.min(image.data[i]! * factor, 255);
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(0.5 + (0.5 * image.data[i]!) / 90);
    });
    return factor;
  });
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.49);
  expect(Math.max(...factors)).toBeLessThanOrEqual(2.01);
  expect(Math.max(...factors) - Math.min(...factors)).toBeGreaterThan(0.7);
});

test('without saturation a pixel is its largest value', () => {
  const greys = pixels(image).flatMap((pixel) => Array<number>(3).fill(Math.max(...pixel)));
  const found = new Set(distorted({ saturation: [0, 0] }).map(({ data }) => data.join()));
  expect(found).toEqual(new Set([image.data.join(), greys.join()]));
});

test('saturation has an end: a colour with a channel of 0', () => {
  const full = pixels(image).map((pixel) => (pixel[0] === pixel[1] ? 90 : 0));
  for (const found of distorted({ saturation: [9, 9] }))
    if (found !== image && found.data.join() !== image.data.join())
      expect(pixels(found).map((pixel) => Math.min(...pixel))).toEqual(full);
});

test('hue turns all colours by one angle; value and chroma stay', () => {
  const turns = distorted({ hue: 36 }).map((found) => {
    const angles = pixels(image)
      .slice(0, 3)
      .map((pixel, i) => {
        const own = pixels(found)[i]!;
        expect(Math.max(...own)).toBe(Math.max(...pixel));
        expect(Math.min(...own)).toBe(Math.min(...pixel));
        return ((hueOf(...own) - hueOf(...pixel) + 540) % 360) - 180;
      });
    for (const angle of angles) expect(Math.abs(angle - angles[0]!)).toBeLessThan(1);
    return angles[0]!;
  });
  expect(Math.max(...turns.map(Math.abs))).toBeLessThanOrEqual(36.5);
  expect(Math.max(...turns)).toBeGreaterThan(8);
  expect(Math.min(...turns)).toBeLessThan(-8);
});

describe('grey', () => {
  test.each([1, 3])('stays grey with %i channels', (channels) => {
    const given: Pixels = { data: new Uint8Array(4 * channels).fill(100), shape: [2, 2, channels] };
    const results = draws(40, (generator) => photometricDistortion()(given, generator));
    for (const { data } of results) expect(new Set(data).size).toBe(1);
    expect(new Set(results.map(({ data }) => data[0])).size).toBeGreaterThan(5);
  });
});

test('each of four changes with probability 1/2: one image in 16 stays', () => {
  const given: Pixels = { data: Uint8Array.of(200, 100, 50), shape: [1, 1, 3] };
  const kept = distorted({}, given, 1600).filter((found) => found === given).length;
  // The standard deviation is 10.
  expect(Math.abs(kept - 100)).toBeLessThan(55);
});

test('the same stream changes alike, and the image that was given stays', () => {
  const before = image.data.slice();
  const change = () => photometricDistortion()(image, new Generator(3));
  expect(change()).toEqual(change());
  expect(image.data).toEqual(before);
});
