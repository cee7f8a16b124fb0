import { describe, expect, test } from 'vitest';
import { Generator } from '../ground/random.ts';
import type { Dataset, ImageSet } from '../model/batch.ts';
import { tinyImages } from './testing.ts';
import { type Watching, watchedImages } from './watching.ts';

const validation = tinyImages(
  Array.from({ length: 12 }, (_, i) => [i, 1]),
  Array.from({ length: 12 }, (_, i) => i % 2),
);

/** Images that are evaluated after each of so many epochs. */
function counts(epochs: number, watching: Watching, data: ImageSet | undefined = validation) {
  const watched = watchedImages(data, { ...watching, epochs }, new Generator(1));
  return Array.from({ length: epochs }, (_, i) => {
    const due = watched(i + 1);
    return due ? `${due.way}${due.images.length}` : '';
  });
}

describe('evaluated are', () => {
  test.each<[string, number, Watching, string[]]>([
    ['all images after each epoch', 3, {}, ['12', '12', '12']],
    ['all, every other time', 4, { evaluateEvery: 2 }, ['', '12', '', '12']],
    [
      'all at the end, whether it is due or not',
      5,
      { evaluateEvery: 2 },
      ['', '12', '', '12', '12'],
    ],
    ['the end alone', 3, { evaluateEvery: 9 }, ['', '', '12']],
    ['a sample before the end', 3, { evaluateImages: 4 }, ['sample4', 'sample4', '12']],
    ['both', 4, { evaluateEvery: 2, evaluateImages: 4 }, ['', 'sample4', '', '12']],
    ['all where a sample would be no less', 2, { evaluateImages: 12 }, ['12', '12']],
  ])('%s', (_, epochs, watching, expected) => {
    expect(counts(epochs, watching)).toEqual(expected);
  });

  test('none without validation images', () => {
    const watched = watchedImages(undefined, { epochs: 2, evaluateImages: 1 }, new Generator(1));
    expect([watched(1), watched(2)]).toEqual([undefined, undefined]);
  });
});

test('a sample has all classes alike, is the same each time and that of the seed', () => {
  const labelsOf = (seed: number) => {
    const options = { epochs: 9, evaluateImages: 6 };
    const watched = watchedImages(validation, options, new Generator(seed));
    expect(watched(1)).toBe(watched(2));
    return [...(watched(1)!.images as Dataset).labels];
  };
  expect(labelsOf(1).sort()).toEqual([0, 0, 0, 1, 1, 1]);
  expect(labelsOf(1)).toEqual(labelsOf(1));
});

test('OPTION: no sample of images without classes', () => {
  const { labels: _, ...images } = validation;
  expect(() => counts(2, { evaluateImages: 3 }, images as ImageSet)).toThrow(
    expect.objectContaining({ code: 'OPTION', where: 'evaluateImages' }),
  );
  expect(counts(2, { evaluateEvery: 2 }, images as ImageSet)).toEqual(['', '12']);
});
