import { expect, test } from 'vitest';
import { rleArea } from './rle.ts';
import { toRle } from './segmentation.ts';

const square = (left: number, top: number) => [
  ...[left, top, left + 2, top, left + 2, top + 2, left, top + 2],
];

test('runs as a list and as text are the same mask', () => {
  const counts = [3, 4, 13];
  const expected = { height: 4, width: 5, runs: counts };
  expect(toRle({ size: [4, 5], counts }, 4, 5, 'test')).toEqual(expected);
  expect(toRle({ size: [4, 5], counts: '34=' }, 4, 5, 'test')).toEqual(expected);
});

test('of polygons the mask is their union', () => {
  expect(rleArea(toRle([square(0, 0)], 4, 5, 'test'))).toBe(4);
  expect(rleArea(toRle([square(0, 0), square(3, 1)], 4, 5, 'test'))).toBe(8);
  expect(rleArea(toRle([square(0, 0), square(1, 1)], 4, 5, 'test'))).toBe(7);
});

test.each([
  ['another size', [5, 4], [20], '5 x 4'],
  ['too few pixels', [4, 5], [3, 4], '7 pixels'],
  ['too many pixels', [4, 5], [3, 18], '21 pixels'],
  ['a negative run', [4, 5], [-3, 23], 'a run of -3 pixels'],
  ['half pixels', [4, 5], [0.5, 19.5], 'a run of 0.5 pixels'],
  ['too few pixels as text', [4, 5], '34', '7 pixels'],
] as const)('%s: RLE_SIZE', (_, size, counts, found) => {
  expect(() => toRle({ size, counts }, 4, 5, 'annotation 7')).toThrow(
    expect.objectContaining({
      code: 'RLE_SIZE',
      where: 'annotation 7',
      found: expect.stringContaining(found),
    }),
  );
});
