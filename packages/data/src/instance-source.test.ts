import { expect, test } from 'vitest';
import type { CocoGroundTruth } from './coco/format.ts';
import { truthObjects } from './coco/truth-objects.ts';
import { instanceSource } from './instance-source.ts';
import { counted } from './testing.ts';

const annotation = (id: number, image: number, category: number, iscrowd: 0 | 1 = 0) => ({
  id,
  image_id: image,
  category_id: category,
  area: 4,
  iscrowd,
  bbox: [1, 0, 2, 2] as const,
});
const truth: CocoGroundTruth = {
  images: [
    { id: 9, height: 2, width: 3 },
    { id: 4, height: 3, width: 2 },
  ],
  categories: [
    { id: 7, name: 'cat' },
    { id: 2, name: 'dog' },
  ],
  annotations: [annotation(1, 4, 2), annotation(2, 9, 7), annotation(3, 4, 7, 1)],
};
const source = instanceSource(truth, truthObjects(truth, 'bbox').objects, {
  channels: 1,
  masks: false,
  skipped: { COCO_BOX: 2 },
  // A file of 2 x 3 pixels whatever is asked for.
  pixels: async () => counted(2, 3, 1),
});

test('classes are in the order of the file, and labels their places', () => {
  expect(source).toMatchObject({ classes: ['cat', 'dog'], masks: false, skipped: { COCO_BOX: 2 } });
  const box = [1, 0, 3, 2];
  expect(source.instances(0)).toEqual([{ label: 0, box, crowd: false, mask: undefined }]);
  expect(source.instances(1)).toEqual([
    { label: 1, box, crowd: false, mask: undefined },
    { label: 0, box, crowd: true, mask: undefined },
  ]);
});

test('a file of another size than its annotations: COCO_IMAGE_SIZE', async () => {
  expect(await source.pixels(0)).toEqual(counted(2, 3, 1));
  await expect(source.pixels(1)).rejects.toThrow(
    expect.objectContaining({
      code: 'COCO_IMAGE_SIZE',
      where: 'image 4',
      found: 'a file of 3 x 2 pixels, annotated as 2 x 3',
    }),
  );
});
