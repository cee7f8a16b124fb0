import { expect, test } from 'vitest';
import { Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';
import { plainPreprocessing } from '../model/preprocessing.ts';
import { valuesDigest } from './run-identity.ts';
import { subset } from './subset.ts';
import { tinyImages } from './testing.ts';

const whole: Dataset = {
  ...tinyImages([[0], [10], [20], [30]], [0, 1, 2, 1], 3),
  input: { ...plainPreprocessing([1, 1, 1]), crop_pct: 0.9 },
};
const part = subset(whole, Int32Array.of(3, 0, 2));

test('a part has the images at its indices, in their order, with their classes', async () => {
  expect(part.length).toBe(3);
  expect([...part.labels]).toEqual([1, 0, 2]);
  const { image, label } = await part.batch(Int32Array.of(2, 0));
  expect([...image.data]).toEqual([20, 30]);
  expect([...label.data]).toEqual([2, 1]);
});

test('classes, shape and how images become inputs stay', () => {
  expect(part).toMatchObject({
    classes: ['class 0', 'class 1', 'class 2'],
    shape: [1, 1, 1],
    input: { crop_pct: 0.9 },
  });
});

test('a part of a part counts in the part', async () => {
  const inner = subset(part, Int32Array.of(1));
  expect([...inner.labels]).toEqual([0]);
  expect([...(await inner.batch(Int32Array.of(0))).image.data]).toEqual([0]);
});

test('is known by the whole and by its indices, a part of a part by both', async () => {
  const known: Dataset = { ...whole, identity: async () => ({ files: 'a' }) };
  const outer = subset(known, Int32Array.of(3, 0, 2));
  const [a, b] = [Int32Array.of(3, 0, 2), Int32Array.of(1)].map(valuesDigest);
  expect(await outer.identity!()).toEqual({ files: 'a', subset: [a] });
  expect(await subset(outer, Int32Array.of(1)).identity!()).toEqual({ files: 'a', subset: [a, b] });
  expect(await part.identity!()).toEqual({ subset: [a] });
});

test('images are augmented as those of the whole', async () => {
  const generators: (Generator | undefined)[] = [];
  const watched: Dataset = {
    ...whole,
    batch(indices, augment) {
      generators.push(augment);
      return whole.batch(indices, augment);
    },
  };
  const generator = new Generator(1);
  const watchedPart = subset(watched, Int32Array.of(1, 2));
  await watchedPart.batch(Int32Array.of(0), generator);
  await watchedPart.batch(Int32Array.of(0));
  expect(generators).toEqual([generator, undefined]);
});
