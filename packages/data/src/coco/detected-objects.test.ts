import { expect, test } from 'vitest';
import { detectedObjects } from './detected-objects.ts';
import type { CocoDetection, CocoGroundTruth } from './format.ts';

const truth: CocoGroundTruth = {
  images: [{ id: 5, height: 4, width: 5 }],
  categories: [{ id: 2, name: 'cat' }],
  annotations: [],
};
/** Four pixels: the last of the first column, and three of the second. */
const segmentation = { size: [4, 5], counts: [3, 4, 13] } as const;
const both: CocoDetection = {
  image_id: 5,
  category_id: 2,
  score: 0.5,
  bbox: [1, 1, 2, 2.5],
  segmentation,
};
const masked = { ...both, bbox: undefined };
const mask = { height: 4, width: 5, runs: [3, 4, 13] };
const object = { image: 5, category: 2, score: 0.5, crowd: false };

test('with boxes areas are theirs, as in loadRes; masks come along where they are compared', () => {
  const boxed = { ...object, box: [1, 1, 2, 2.5], area: 5 };
  expect(detectedObjects(truth, [both], 'bbox').objects).toEqual([{ ...boxed, mask: undefined }]);
  expect(detectedObjects(truth, [both], 'segm').objects).toEqual([{ ...boxed, mask }]);
});

test('with masks alone boxes and areas are theirs', () => {
  for (const type of ['bbox', 'segm'] as const)
    expect(detectedObjects(truth, [masked], type).objects).toEqual([
      { ...object, box: [0, 0, 2, 4], area: 4, mask },
    ]);
});

test('the first detection decides for all', () => {
  expect(() => detectedObjects(truth, [both, masked], 'bbox')).toThrow(
    expect.objectContaining({ code: 'COCO_BOX', where: 'detections[1].bbox' }),
  );
  const areas = detectedObjects(truth, [masked, both], 'segm').objects.map(({ area }) => area);
  expect(areas).toEqual([4, 4]);
});

test('no detections are no objects', () => {
  expect(detectedObjects(truth, [], 'segm')).toMatchObject({ objects: [], positions: [] });
});

test.each<[string, Partial<CocoDetection>, string]>([
  ['COCO_SCORE', { score: Number.NaN }, 'score'],
  ['COCO_SCORE', { score: Number.POSITIVE_INFINITY }, 'score'],
  ['COCO_IMAGE', { image_id: 6 }, 'image_id'],
  ['COCO_CATEGORY', { category_id: 1 }, 'category_id'],
  ['COCO_SEGMENTATION', { segmentation: [] }, 'segmentation'],
  ['RLE_SIZE', { segmentation: { size: [4, 5], counts: [3, 4] } }, 'segmentation'],
])('%s for %j: an error, or left out and counted', (code, change, field) => {
  const list = [both, { ...both, ...change }, both];
  expect(() => detectedObjects(truth, list, 'segm')).toThrow(
    expect.objectContaining({ code, where: `detections[1].${field}` }),
  );
  const { positions, skipped } = detectedObjects(truth, list, 'segm', { invalid: 'skip' });
  expect(positions).toEqual([0, 2]);
  expect(skipped).toEqual({ [code]: 1 });
});
