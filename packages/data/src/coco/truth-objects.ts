import type { InvalidPolicy } from '../invalid.ts';
import { checkBox, maskOf } from './box-and-mask.ts';
import { Collector } from './collector.ts';
import type { CocoGroundTruth } from './format.ts';
import type { CocoObjects, CocoType } from './objects.ts';

/**
 * The objects of a ground truth.
 *
 * @throws KcrError with `error`: `COCO_IMAGE`, `COCO_CATEGORY`, `COCO_BOX`, `COCO_SEGMENTATION`, `RLE_SIZE`
 */
export function truthObjects(
  truth: CocoGroundTruth,
  type: CocoType,
  policy: InvalidPolicy = 'error',
): CocoObjects {
  const collector = new Collector(truth, policy);
  truth.annotations.forEach((annotation, i) => {
    const where = `annotation ${annotation.id}`;
    collector.add(i, where, annotation, (image) => ({
      image: annotation.image_id,
      category: annotation.category_id,
      score: 1,
      box: checkBox(annotation.bbox, where),
      area: annotation.area,
      crowd: annotation.iscrowd === 1,
      mask: type === 'segm' ? maskOf(annotation.segmentation, image, where) : undefined,
    }));
  });
  return collector;
}
