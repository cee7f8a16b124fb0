import { expect, test } from 'vitest';
import { checkGroundTruth } from './check-ground-truth.ts';

const fine = { images: [], annotations: [], categories: [] };

test('a file with its three lists is one, whatever else it has', () => {
  expect(() => checkGroundTruth({ ...fine, info: {} }, 'here')).not.toThrow();
});

test.each([
  ['nothing', null, 'images`, `annotations`, `categories'],
  ['a list of detections', [], 'images`, `annotations`, `categories'],
  ['a file without categories', { ...fine, categories: undefined }, 'categories'],
  ['images by name', { ...fine, images: { a: 1 } }, 'images'],
])('%s: COCO_FORMAT', (_, file, missing) => {
  expect(() => checkGroundTruth(file, 'here')).toThrow(
    expect.objectContaining({
      code: 'COCO_FORMAT',
      where: 'here',
      found: `no list \`${missing}\``,
    }),
  );
});

test.each([
  ['null among the images', { ...fine, images: [null] }, 'COCO_FORMAT', 'here: images[0]'],
  ['a category without an id', { ...fine, categories: [{}] }, 'COCO_ID', 'here: categories[0].id'],
  [
    'ids of two types',
    { ...fine, images: [{ id: 7 }, { id: '8' }] },
    'COCO_ID',
    'here: images[1].id',
  ],
])('%s: %#', (_, file, code, where) => {
  expect(() => checkGroundTruth(file, 'here')).toThrow(expect.objectContaining({ code, where }));
});
