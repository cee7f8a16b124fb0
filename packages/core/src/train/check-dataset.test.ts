import { expect, test } from 'vitest';
import type { ImageSet } from '../model/batch.ts';
import { checkDataset } from './check-dataset.ts';
import { regression, tinyImages, tinyModel } from './testing.ts';

const model = tinyModel(regression, { pixels: 2 });
const fitting = tinyImages([[1, 2]], [0]);

test('images of the shape and with the classes of the model fit', () => {
  expect(() => checkDataset(model, fitting, 'test')).not.toThrow();
});

test.each<[string, string, Partial<ImageSet>]>([
  ['DATASET_EMPTY', 'no images', { length: 0 }],
  ['DATASET_CLASSES', '1 classes for a model of 2', { classes: ['a'] }],
  ['DATASET_CLASSES', '3 classes for a model of 2', { classes: ['a', 'b', 'c'] }],
  ['DATASET_SHAPE', 'images of [2, 1, 1] for a model of [1, 1, 2]', { shape: [2, 1, 1] }],
  ['DATASET_SHAPE', 'images of [1, 2, 1] for a model of [1, 1, 2]', { shape: [1, 2, 1] }],
])('%s: %s', (code, found, change) => {
  expect(() => checkDataset(model, { ...fitting, ...change }, 'validation data')).toThrow(
    expect.objectContaining({ code, where: 'validation data', found }),
  );
});

test('a model that gives features alone is told apart', () => {
  const features = Object.assign(Object.create(model), { classes: 0 });
  expect(() => checkDataset(features, fitting, 'test')).toThrow(
    expect.objectContaining({ code: 'DATASET_CLASSES', fix: expect.stringMatching(/num_classes/) }),
  );
});
