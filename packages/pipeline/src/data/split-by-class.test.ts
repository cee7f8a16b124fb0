import { expect, test } from 'vitest';
import { splitByClass } from './split-by-class.ts';

const classes = ['a', 'b', 'c'];
const labels = Int32Array.from([...Array(10).fill(0), ...Array(20).fill(1), 2, 2]);

test('each class gives the same share, and every image is in one part', () => {
  const { train, test: tested } = splitByClass({ labels, classes }, { share: 0.2, seed: 0 }, 'x');
  const counts = (part: Int32Array) =>
    [0, 1, 2].map((k) => part.filter((i) => labels[i] === k).length);
  expect(counts(tested)).toEqual([2, 4, 1]);
  expect(counts(train)).toEqual([8, 16, 1]);
  expect([...train, ...tested].sort((a, b) => a - b)).toEqual([...labels.keys()]);
});

test('the seed decides, and a class that comes later moves no image of the others', () => {
  const split = (seed: number, own = labels) =>
    splitByClass({ labels: own, classes }, { share: 0.2, seed }, 'x').test;
  expect(split(1)).toEqual(split(1));
  expect(split(1)).not.toEqual(split(2));
  expect(split(1, labels.subarray(0, 30))).toEqual(split(1).subarray(0, 6));
});

test('DATASET_SPLIT: a class of one image', () => {
  const own = { labels: Int32Array.of(0, 0, 1), classes };
  expect(() => splitByClass(own, { share: 0.5, seed: 0 }, 'photos')).toThrow(
    expect.objectContaining({ code: 'DATASET_SPLIT', where: 'photos, class "b"' }),
  );
});
