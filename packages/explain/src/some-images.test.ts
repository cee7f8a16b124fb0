import { expect, test } from 'vitest';
import { someImages } from './some-images.ts';

test.each([
  [0, 5, []],
  [3, 5, [0, 1, 2]],
  [5, 5, [0, 1, 2, 3, 4]],
  [10, 4, [0, 2, 5, 7]],
])('of %i at most %i', (images, most, expected) =>
  expect([...someImages(images, most)]).toEqual(expected),
);

test('of a million none twice', () => {
  const found = someImages(1_281_167, 1000);
  expect(new Set(found).size).toBe(1000);
  expect(found.at(-1)).toBeLessThan(1_281_167);
});
