import type { View } from '@kcr/data';
import { expect, test } from 'vitest';
import { type CanvasLogits, readPixels } from './read-pixels.ts';

const size = { height: 2, width: 4 };
const plain: View = { source: size, scaled: size, canvas: size, top: 0, left: 0 };

/** What each pixel reads of its class 0 and 1; undefined where the view does not show it. */
function read(logits: CanvasLogits, view: Partial<View> = {}) {
  const found: (number[] | undefined)[] = Array(8).fill(undefined);
  readPixels(logits, { ...plain, ...view }, (pixel, values) => {
    found[pixel] = [...values];
  });
  return found;
}
const logitsOf = (rows: number, columns: number, values: number[]): CanvasLogits => ({
  data: Float32Array.from(values.flatMap((x) => [x, -x])),
  rows,
  columns,
  classes: 2,
});
const both = (values: (number | undefined)[]) =>
  values.map((x) => (x === undefined ? undefined : [x, -x].map((v) => expect.closeTo(v, 5))));

test('logits of the size of the image are read as they are', () => {
  const values = [0, 1, 2, 3, 10, 11, 12, 13];
  expect(read(logitsOf(2, 4, values))).toEqual(both(values));
});

test('smaller ones between the centres, and at the border as the last one', () => {
  // Steps of two pixels: centres at 1 and 3.
  expect(read(logitsOf(1, 2, [0, 8]))).toEqual(both([0, 2, 6, 8, 0, 2, 6, 8]));
});

test('mirrored and shifted as the image lies', () => {
  const values = [0, 1, 2, 3, 10, 11, 12, 13];
  expect(read(logitsOf(2, 4, values), { flipX: true })).toEqual(both([3, 2, 1, 0, 13, 12, 11, 10]));
  // The canvas shows the right half of an image that is twice as large, in its upper row.
  const part = { scaled: { height: 4, width: 8 }, top: 0, left: 4 };
  expect(read(logitsOf(2, 4, values), part)).toEqual(
    both([undefined, undefined, 5.5, 7.5, undefined, undefined, undefined, undefined]),
  );
});
