import { expect, test } from 'vitest';
import { float32, int32, type NdArray } from '../ground/array.ts';
import type { Batch, ImageSet } from '../model/batch.ts';
import { checkBatch } from './check-batch.ts';

const set: Pick<ImageSet, 'shape' | 'classes'> = { shape: [2, 2, 1], classes: ['a', 'b', 'c'] };
const indices = Int32Array.of(4, 7);
const image = float32([2, 2, 2, 1]);
const check = (batch: object) => checkBatch(batch as Batch, indices, set as ImageSet);

test.each<[string, Record<string, NdArray>]>([
  ['images alone', { image }],
  ['images with classes', { image, label: int32([2], [0, 2]) }],
  ['images with what another task reads', { image, boxes: float32([2, 5, 4]) }],
])('%s are a batch', (_, batch) => {
  expect(check(batch)).toBeUndefined();
});

const wrong = (code: string, found: string) => expect.objectContaining({ code, found });

test.each<[string, Record<string, NdArray>, ReturnType<typeof wrong>]>([
  ['no images', {}, wrong('DATASET_BATCH', 'no `image`')],
  [
    'one image of two',
    { image: float32([1, 2, 2, 1]) },
    wrong('DATASET_BATCH', '`image` of float32 [1, 2, 2, 1]'),
  ],
  [
    'bytes',
    { image: int32([2, 2, 2, 1], new Array(8).fill(1)) },
    wrong('DATASET_BATCH', '`image` of int32 [2, 2, 2, 1]'),
  ],
  [
    'one label of two',
    { image, label: int32([1], [0]) },
    wrong('DATASET_BATCH', '`label` of int32 [1]'),
  ],
  [
    'labels that are no whole numbers',
    { image, label: float32([2], [0, 1]) },
    wrong('DATASET_BATCH', '`label` of float32 [2]'),
  ],
  [
    'a label one above the classes',
    { image, label: int32([2], [1, 3]) },
    wrong('LABEL_CLASS', 'the label 3 for 3 classes'),
  ],
  [
    'a label below 0',
    { image, label: int32([2], [-1, 3]) },
    wrong('LABEL_CLASS', 'the label -1 for 3 classes'),
  ],
])('%s are refused', (_, batch, error) => {
  expect(() => check(batch)).toThrow(error);
});

test('an error names the images', () => {
  expect(() => checkBatch({ image }, Int32Array.of(5, 6, 7, 8), set as ImageSet)).toThrow(
    expect.objectContaining({ where: 'batch of the images 5, 6, 7, ...' }),
  );
});
