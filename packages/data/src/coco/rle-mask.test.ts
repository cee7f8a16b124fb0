import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { rleArea } from './rle.ts';
import { rleFromMask, rlesFromIds, rleToMask } from './rle-mask.ts';

// Worked by hand after pycocotools' rleEncode: columns from the left, each from the top.
test.each([
  ['of zeros', [0, 0, 0, 0, 0, 0], [6]],
  ['of ones', [1, 1, 1, 1, 1, 1], [0, 6]],
  ['that begins with a one', [1, 0, 0, 0, 0, 0], [0, 1, 5]],
  ['with one in the first row', [0, 1, 0, 0, 0, 0], [2, 1, 3]],
  ['that ends with a one', [0, 0, 0, 0, 0, 1], [5, 1]],
  ['over the end of a column', [0, 0, 1, 1, 0, 1], [1, 1, 2, 2]],
])('a mask of 2 x 3 %s', (_, pixels, runs) => {
  const rle = rleFromMask(pixels, 2, 3);
  expect(rle).toEqual({ height: 2, width: 3, runs });
  expect([...rleToMask(rle)]).toEqual(pixels);
});

test('a part of an image lies where it was cut out', () => {
  const part = { top: 1, left: 2, height: 2, width: 2 };
  const rle = rleFromMask([1, 0, 1, 1], 4, 5, part);
  expect([...rleToMask(rle)]).toEqual(
    [
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 1, 1, 0],
      [0, 0, 0, 0, 0],
    ].flat(),
  );
  expect(rle.runs).toEqual([9, 2, 3, 1, 5]);
});

test('values other than 0 are ones', () => {
  expect(rleFromMask([0, 255, 0.5, 0], 2, 2)).toEqual(rleFromMask([0, 1, 1, 0], 2, 2));
});

test('the masks of a map of numbers, in their order', () => {
  const ids = [9, 9, 0, 3, 9, 3, 0, 0, 300];
  const found = rlesFromIds(ids, 3, 3);
  expect([...found.keys()]).toEqual([3, 9, 300]);
  for (const [id, mask] of found)
    expect(mask).toEqual(
      rleFromMask(
        ids.map((x) => (x === id ? 1 : 0)),
        3,
        3,
      ),
    );
  expect(rlesFromIds([0, 0], 1, 2).size).toBe(0);
});

test('any mask is read back as it was', () => {
  const generator = new Generator(1);
  for (let i = 0; i < 40; i++) {
    const [height, width] = [1 + generator.integer(20), 1 + generator.integer(20)];
    const dense = generator.uniform();
    const pixels = Uint8Array.from({ length: height * width }, () =>
      generator.uniform() < dense ? 1 : 0,
    );
    const rle = rleFromMask(pixels, height, width);
    expect(rleToMask(rle)).toEqual(pixels);
    expect(rleArea(rle)).toBe(pixels.reduce((a, b) => a + b, 0));
  }
});
