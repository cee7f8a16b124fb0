import { Generator } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type Rle, rleArea, rleBox, rleOverlap, rleUnion } from './rle.ts';
import { rleFromMask, rleToMask } from './rle-mask.ts';

const of = (rows: number[][]): Rle => rleFromMask(rows.flat(), rows.length, rows[0]!.length);

const corner = of([
  [1, 1, 0, 0],
  [1, 0, 0, 0],
  [0, 0, 0, 0],
]);
const middle = of([
  [0, 1, 1, 0],
  [0, 1, 1, 1],
  [0, 0, 0, 1],
]);
const nothing = of([
  [0, 0, 0, 0],
  [0, 0, 0, 0],
  [0, 0, 0, 0],
]);
const all: Rle = { height: 3, width: 4, runs: [0, 12] };

test('by hand: areas, boxes, overlaps and a union', () => {
  expect([corner, middle, nothing, all].map(rleArea)).toEqual([3, 6, 0, 12]);
  expect([corner, middle, all].map(rleBox)).toEqual([
    [0, 0, 2, 2],
    [1, 0, 3, 3],
    [0, 0, 4, 3],
  ]);
  expect(rleBox(nothing)).toEqual([0, 0, 0, 0]);
  expect(rleOverlap(corner, middle)).toBe(1);
  expect(rleOverlap(middle, all)).toBe(6);
  expect(rleOverlap(middle, nothing)).toBe(0);
  expect([...rleToMask(rleUnion([corner, middle]))]).toEqual([1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1]);
});

test('a run over the end of a column reaches from the top to the bottom', () => {
  // The last row of the first column and the first one of the second.
  expect(rleBox({ height: 4, width: 3, runs: [3, 2, 7] })).toEqual([0, 0, 2, 4]);
  // A run that ends with its column does not.
  expect(rleBox({ height: 4, width: 3, runs: [2, 2, 8] })).toEqual([0, 2, 1, 2]);
});

test('empty runs in between change nothing', () => {
  const split: Rle = { height: 3, width: 4, runs: [0, 2, 0, 0, 1, 1, 8] };
  expect(rleArea(split)).toBe(3);
  expect(rleBox(split)).toEqual(rleBox(corner));
  expect(rleOverlap(split, all)).toBe(3);
});

test('of one mask the union is itself; of masks with nothing nothing', () => {
  expect(rleUnion([middle])).toBe(middle);
  expect(rleUnion([nothing, nothing])).toEqual(nothing);
  expect(rleUnion([middle, nothing])).toEqual(middle);
  expect(rleUnion([corner, all, middle])).toEqual(all);
});

/** Random masks of one size, in patches or in single pixels. */
function randomMasks(n: number, generator: Generator) {
  const [height, width] = [1 + generator.integer(20), 1 + generator.integer(20)];
  return Array.from({ length: n }, () => {
    const dense = generator.uniform();
    const pixels = Uint8Array.from({ length: height * width }, () =>
      generator.uniform() < dense ? 1 : 0,
    );
    return { pixels, height, width, rle: rleFromMask(pixels, height, width) };
  });
}

describe('of random masks', () => {
  const generator = new Generator(1);
  const cases = Array.from({ length: 40 }, () => randomMasks(3, generator));

  test('the box is the smallest', () => {
    for (const [{ pixels, width, rle }] of cases as [ReturnType<typeof randomMasks>[0]][]) {
      const ones = [...pixels.keys()].filter((at) => pixels[at]);
      const [rows, columns] = [
        ones.map((at) => Math.floor(at / width)),
        ones.map((at) => at % width),
      ];
      const [left, top] = [Math.min(...columns), Math.min(...rows)];
      const expected = [left, top, Math.max(...columns) + 1 - left, Math.max(...rows) + 1 - top];
      expect(rleBox(rle)).toEqual(ones.length > 0 ? expected : [0, 0, 0, 0]);
    }
  });

  test('overlaps and unions are those of the pixels', () => {
    for (const masks of cases) {
      const [a, b, c] = masks.map(({ rle }) => rle) as [Rle, Rle, Rle];
      const [x, y, z] = masks.map(({ pixels }) => pixels) as [Uint8Array, Uint8Array, Uint8Array];
      expect(rleOverlap(a, b)).toBe(x.filter((value, i) => value && y[i]).length);
      expect(rleOverlap(b, a)).toBe(rleOverlap(a, b));
      expect(rleOverlap(a, a)).toBe(rleArea(a));
      expect(rleToMask(rleUnion([a, b, c]))).toEqual(x.map((value, i) => value | y[i]! | z[i]!));
      expect(rleArea(rleUnion([a, b]))).toBe(rleArea(a) + rleArea(b) - rleOverlap(a, b));
    }
  });
});
