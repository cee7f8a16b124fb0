import { expect, test } from 'vitest';
import { foldByClass } from './fold-by-class.ts';
import { splitByClass } from './split-by-class.ts';

const classes = ['a', 'b', 'c'];
/** 23 images of a, 11 of b and 6 of c, mixed. */
const labels = Int32Array.from({ length: 40 }, (_, i) => {
  const place = (i * 7) % 40;
  return place < 23 ? 0 : place < 34 ? 1 : 2;
});
const data = { labels, classes };
const options = { folds: 5, seed: 3, share: 1 };
const all = (more: object = {}) =>
  [0, 1, 2, 3, 4].map((fold) => foldByClass(data, { ...options, fold, ...more }, 'x'));
const sorted = (numbers: Iterable<number>) => [...numbers].sort((a, b) => a - b);

test('folds are disjoint and hold every image once', () => {
  const folds = all();
  expect(sorted(folds.flatMap(({ test }) => [...test]))).toEqual([...labels.keys()]);
  for (const { train, test } of folds)
    expect(sorted([...train, ...test])).toEqual([...labels.keys()]);
});

test('each fold has a fifth of each class, and of all images', () => {
  for (const { test } of all()) {
    const counts = classes.map((_, k) => test.filter((i) => labels[i] === k).length);
    // 23 / 5, 11 / 5 and 6 / 5, each rounded down or up; 40 / 5.
    expect([4, 5]).toContain(counts[0]);
    expect([2, 3]).toContain(counts[1]);
    expect([1, 2]).toContain(counts[2]);
    expect(test.length).toBe(8);
  }
});

test('another seed has other folds, the same seed the same', () => {
  expect(all({ seed: 4 })).not.toEqual(all());
  expect(all()).toEqual(all());
});

test('a share of the images takes part, of each class alike', () => {
  const folds = all({ share: 0.5 });
  const own = sorted(folds.flatMap(({ test }) => [...test]));
  // Half of 23, 11 and 6; of the last, 3, there are five, one for each fold.
  expect(classes.map((_, k) => own.filter((i) => labels[i] === k).length)).toEqual([12, 6, 5]);
  expect(new Set(own).size).toBe(own.length);
});

test('images of the last test are in no fold', () => {
  const without = { share: 0.2, seed: 1 };
  const kept = splitByClass(data, without, 'x');
  const folds = foldByClass(data, { folds: 3, seed: 0, share: 1, fold: 0, without }, 'x');
  expect(sorted([...folds.train, ...folds.test])).toEqual([...kept.train]);
});

test('DATASET_SPLIT: a class with fewer images than folds', () => {
  const few = { labels: Int32Array.of(0, 0, 1), classes: ['a', 'b'] };
  expect(() => foldByClass(few, { folds: 2, fold: 0, seed: 0, share: 1 }, 'x')).toThrow(
    expect.objectContaining({ code: 'DATASET_SPLIT', where: 'x, class "b"' }),
  );
});
