import { describe, expect, test } from 'vitest';
import type { CocoAnnotation, CocoGroundTruth } from './format.ts';
import { truthObjects } from './truth-objects.ts';

const runs = { size: [4, 5], counts: [3, 4, 13] } as const;
const fine: CocoAnnotation = {
  id: 1,
  image_id: 5,
  category_id: 2,
  area: 4,
  iscrowd: 0,
  bbox: [0, 0, 2, 4],
  segmentation: runs,
};
const truthOf = (...annotations: CocoAnnotation[]): CocoGroundTruth => ({
  images: [{ id: 5, height: 4, width: 5 }],
  categories: [{ id: 2, name: 'cat' }],
  annotations,
});

test('objects with what the file says of them; masks where masks are compared', () => {
  const truth = truthOf(fine, { ...fine, id: 2, iscrowd: 1, area: 99 });
  const object = { image: 5, category: 2, score: 1, box: [0, 0, 2, 4], area: 4, crowd: false };
  const boxes = truthObjects(truth, 'bbox');
  expect(boxes.objects).toEqual([
    { ...object, mask: undefined },
    { ...object, crowd: true, area: 99, mask: undefined },
  ]);
  expect(boxes.positions).toEqual([0, 1]);
  expect(boxes.skipped).toEqual({});
  const mask = { height: 4, width: 5, runs: [3, 4, 13] };
  expect(truthObjects(truth, 'segm').objects.map((own) => own.mask)).toEqual([mask, mask]);
});

test('an annotation that does not say is no crowd', () => {
  const [object] = truthObjects(truthOf({ ...fine, iscrowd: undefined }), 'bbox').objects;
  expect(object!.crowd).toBe(false);
});

const box = (...bbox: number[]) => ({ bbox: bbox as unknown as CocoAnnotation['bbox'] });

describe.each<[string, Partial<CocoAnnotation>, 'bbox' | 'segm', string]>([
  ['COCO_IMAGE', { image_id: 6 }, 'bbox', 'image_id'],
  ['COCO_CATEGORY', { category_id: 3 }, 'bbox', 'category_id'],
  ['COCO_BOX', { bbox: undefined }, 'bbox', 'bbox'],
  ['COCO_BOX', box(0, 0, 2), 'bbox', 'bbox'],
  ['COCO_BOX', box(0, 0, -1, 4), 'bbox', 'bbox'],
  ['COCO_BOX', box(0, Number.NaN, 1, 4), 'bbox', 'bbox'],
  ['COCO_BOX', box(2, 3, 4, 1e308), 'bbox', 'bbox'],
  ['COCO_BOX', box(1e308, 0, 1e308, 0), 'bbox', 'bbox'],
  ['COCO_SEGMENTATION', { segmentation: undefined }, 'segm', 'segmentation'],
  ['COCO_SEGMENTATION', { segmentation: [] }, 'segm', 'segmentation'],
  ['RLE_SIZE', { segmentation: { size: [5, 4], counts: [20] } }, 'segm', 'segmentation'],
])('%s for %j', (code, change, type, field) => {
  const truth = truthOf(fine, { ...fine, ...change, id: 7 } as CocoAnnotation, { ...fine, id: 8 });

  test('is an error that names the annotation', () => {
    expect(() => truthObjects(truth, type)).toThrow(
      expect.objectContaining({ code, where: `annotations[1].${field} (id 7)` }),
    );
  });

  test('or the annotation is left out and counted', () => {
    const { objects, positions, skipped } = truthObjects(truth, type, { invalid: 'skip' });
    expect(objects).toHaveLength(2);
    expect(positions).toEqual([0, 2]);
    expect(skipped).toEqual({ [code]: 1 });
  });
});

test('boxes of no size are boxes', () => {
  expect(truthObjects(truthOf({ ...fine, ...box(1, 1, 0, 0) }), 'bbox').objects).toHaveLength(1);
});

test('where masks are compared an annotation without a box has that of its mask', () => {
  for (const bbox of [undefined, null, []]) {
    const bare = { ...fine, bbox } as unknown as CocoAnnotation;
    expect(truthObjects(truthOf(bare), 'segm').objects[0]!.box).toEqual([0, 0, 2, 4]);
  }
});

test('errors name the file; of images that are passed over nothing is said', () => {
  const wrong = truthOf({ ...fine, bbox: undefined });
  expect(() => truthObjects(wrong, 'bbox', { file: 'a.json' })).toThrow(
    expect.objectContaining({ where: 'a.json: annotations[0].bbox (id 1)' }),
  );
  expect(truthObjects(wrong, 'bbox', { passOver: new Set([5]) }).objects).toEqual([]);
});
