import { readFile } from 'node:fs/promises';
import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { rleFromPolygon } from './polygon.ts';
import { type Rle, rleArea, rleBox, rleOverlap, rleUnion } from './rle.ts';
import { rleFromMask, rleToMask } from './rle-mask.ts';
import { decodeRuns, encodeRuns } from './rle-text.ts';
import { toRle } from './segmentation.ts';

interface Drawn {
  height: number;
  width: number;
  points: number[];
  counts: string;
  area: number;
  bbox: number[];
}

/** Made by tools/parity/make_coco_cases.py with pycocotools 2.0.11. */
const drawn: Drawn[] = JSON.parse(
  await readFile(new URL('../../fixtures/polygons.json', import.meta.url), 'utf8'),
);

/** A random mask in row-major order, in patches or in single pixels. */
function randomMask(seed: number): { pixels: Uint8Array; height: number; width: number } {
  const generator = new Generator(seed);
  const [height, width] = [1 + generator.integer(20), 1 + generator.integer(20)];
  const dense = generator.uniform();
  const pixels = Uint8Array.from({ length: height * width }, () =>
    generator.uniform() < dense ? 1 : 0,
  );
  return { pixels, height, width };
}
const seeds = Array.from({ length: 40 }, (_, seed) => seed);

test("polygons become pycocotools' masks, areas and boxes", () => {
  for (const { height, width, points, counts, area, bbox } of drawn) {
    const rle = rleFromPolygon(points, height, width);
    expect(encodeRuns(rle.runs)).toBe(counts);
    expect(decodeRuns(counts)).toEqual(rle.runs);
    expect(rleArea(rle)).toBe(area);
    // Of an empty mask pycocotools' box depends on where its only run ends.
    if (area > 0) expect(rleBox(rle)).toEqual(bbox);
  }
});

describe.each(seeds)('mask %i', (seed) => {
  const { pixels, height, width } = randomMask(seed);
  const rle = rleFromMask(pixels, height, width);

  test('is read back as it was, also as text', () => {
    expect(rleToMask(rle)).toEqual(pixels);
    expect(decodeRuns(encodeRuns(rle.runs))).toEqual(rle.runs);
    expect(rleArea(rle)).toBe(pixels.reduce((a, b) => a + b, 0));
  });

  test('its box is the smallest', () => {
    const [x, y, w, h] = rleBox(rle);
    const inside = (at: number) => {
      const [row, column] = [Math.floor(at / width), at % width];
      return column >= x && column < x + w && row >= y && row < y + h;
    };
    const ones = [...pixels.keys()].filter((at) => pixels[at]);
    expect(ones.every(inside)).toBe(true);
    const touches = (test: (row: number, column: number) => boolean) =>
      ones.length === 0 || ones.some((at) => test(Math.floor(at / width), at % width));
    expect(touches((_, column) => column === x)).toBe(true);
    expect(touches((_, column) => column === x + w - 1)).toBe(true);
    expect(touches((row) => row === y)).toBe(true);
    expect(touches((row) => row === y + h - 1)).toBe(true);
  });

  test('overlap and union with another are those of the pixels', () => {
    const generator = new Generator(seed + 1000);
    const other = pixels.map(() => generator.integer(2));
    const [a, b]: [Rle, Rle] = [rle, rleFromMask(other, height, width)];
    const both = pixels.filter((x, i) => x && other[i]).length;
    expect(rleOverlap(a, b)).toBe(both);
    expect(rleToMask(rleUnion([a, b]))).toEqual(pixels.map((x, i) => x | other[i]!));
    expect(rleArea(rleUnion([a, b]))).toBe(rleArea(a) + rleArea(b) - both);
  });
});

test.each([
  ['another size', { size: [5, 4], counts: [20] }],
  ['too few runs', { size: [4, 5], counts: [3, 4] }],
  ['a negative run', { size: [4, 5], counts: [-3, 23] }],
])('%s is refused', (_, segmentation) => {
  const wrong = segmentation as { size: [number, number]; counts: number[] };
  expect(() => toRle(wrong, 4, 5, 'test')).toThrow(expect.objectContaining({ code: 'RLE_SIZE' }));
});
