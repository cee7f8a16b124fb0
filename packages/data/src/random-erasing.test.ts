import { expect, test } from 'vitest';
import type { Pixels } from './image.ts';
import { type RandomErasingOptions, randomErasing } from './random-erasing.ts';
import { draws } from './testing.ts';

const [height, width] = [40, 30];
const plain: Pixels = { shape: [height, width, 1], data: new Uint8Array(height * width).fill(7) };
const erased = (options: RandomErasingOptions, n: number, given = plain) =>
  draws(n, (generator) => randomErasing({ probability: 1, ...options })(given, generator));

/** The rectangle around what changed, as [height, width], and how much of it did. */
function rectangle({ data }: Pixels) {
  const at = [...data.keys()].filter((i) => data[i] !== 7);
  const span = (values: number[]) => Math.max(...values) - Math.min(...values) + 1;
  const [h, w] = [span(at.map((i) => Math.floor(i / width))), span(at.map((i) => i % width))];
  const [top, left] = [Math.floor(at[0]! / width), Math.min(...at.map((i) => i % width))];
  return { h, w, top, left, filled: at.length / (h * w) };
}

test('one rectangle, within the ranges of areas and ratios', () => {
  const areas = erased({ scale: [0.05, 0.2], ratio: 2 }, 100).map((found) => {
    const { h, w, filled } = rectangle(found);
    // One value in 256 is drawn as it was.
    expect(filled).toBeGreaterThan(0.9);
    expect(Math.max(h / w, w / h)).toBeLessThan(2.3);
    return (h * w) / (height * width);
  });
  // Sides are whole pixels.
  expect(Math.min(...areas)).toBeGreaterThan(0.04);
  expect(Math.max(...areas)).toBeLessThan(0.22);
  expect(Math.max(...areas) - Math.min(...areas)).toBeGreaterThan(0.08);
});

test('a fixed area and a ratio of 1 are a square of it, anywhere in the image', () => {
  const places = erased({ scale: [0.03, 0.03], ratio: 1 }, 600).map((found) => {
    const { h, w, top, left } = rectangle(found);
    expect([h, w]).toEqual([6, 6]);
    return [top, left] as const;
  });
  // From the first row and column to those that leave room for six.
  for (const [axis, length] of [height, width].entries()) {
    const found = places.map((place) => place[axis]!);
    expect([Math.min(...found), Math.max(...found)]).toEqual([0, length - 6]);
  }
});

test('what does not fit leaves the image, and so does a probability of 0', () => {
  for (const found of erased({ scale: [1, 1] }, 5)) expect(found).toBe(plain);
  for (const found of erased({ probability: 0 }, 20)) expect(found).toBe(plain);
});

test('as often as asked for', () => {
  const options = { probability: 0.5, scale: [0.05, 0.1], ratio: 1 } as const;
  const count = erased(options, 200).filter((found) => found !== plain).length;
  // The standard deviation is 7.
  expect(Math.abs(count - 100)).toBeLessThan(45);
});

test('all channels of a pixel are erased, with values of their own, in a new image', () => {
  const given: Pixels = { shape: [20, 20, 3], data: new Uint8Array(1200).fill(7) };
  const [found] = erased({ scale: [0.25, 0.25], ratio: 1 }, 1, given);
  const changed = [...found!.data].filter((x) => x !== 7);
  expect(changed.length).toBeGreaterThan(280);
  expect(changed.length).toBeLessThanOrEqual(300);
  expect(new Set(changed).size).toBeGreaterThan(100);
  expect(new Set(given.data)).toEqual(new Set([7]));
});
