import { expect, test } from 'vitest';
import { partsOf, sizeAt, sizeOfBatch } from './sizes.ts';

test.each([
  [7, 7, 7],
  [2, 3, 'batch'],
  [24, 36, '12*batch'],
  [3, 4, 'batch + 1'],
  [11, 16, '5*batch + 1'],
  // Smaller for more images, or 1 less than three for each.
  [3, 2, undefined],
  [5, 8, undefined],
])('%d for two images and %d for three is %s', (two, three, size) => {
  expect(sizeOfBatch(two, three, 2)).toBe(size);
  if (size !== undefined) expect([sizeAt(size, 2), sizeAt(size, 3)]).toEqual([two, three]);
});

test('its parts', () => {
  expect(partsOf(9)).toEqual({ perImage: 0, fixed: 9 });
  expect(partsOf('5*batch + 1')).toEqual({ perImage: 5, fixed: 1 });
});
