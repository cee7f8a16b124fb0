import { KcrError } from '@kcr/core';
import type { InvalidPolicy } from '../invalid.ts';
import { Collector } from './collector.ts';
import { checkArea, checkBox, checkCrowd, hasNoBox, maskOf } from './fields.ts';
import type { CocoGroundTruth, CocoId } from './format.ts';
import { isId, valueText } from './json-value.ts';
import type { CocoObjects, CocoType } from './objects.ts';
import { placeOf } from './place.ts';
import { rleBox } from './rle.ts';

export interface TruthOptions {
  /** Annotations that cannot be used: an error, or left out and counted. Default `error`. */
  readonly invalid?: InvalidPolicy;
  /** Of the ground truth, for the errors. */
  readonly file?: string;
  /** Images of whose annotations nothing is said. */
  readonly passOver?: ReadonlySet<CocoId>;
}

/**
 * The objects of a ground truth. Where masks are compared an annotation without a box has that of its mask.
 *
 * @throws KcrError with `error`: `COCO_FORMAT`, `COCO_ID`, `COCO_IMAGE`, `COCO_CATEGORY`, `COCO_BOX`, `COCO_AREA`,
 * `COCO_CROWD`, `COCO_SIZE`, `COCO_SEGMENTATION`, `RLE_SIZE`, `RLE_TEXT`
 */
export function truthObjects(
  truth: CocoGroundTruth,
  type: CocoType,
  { invalid = 'error', file, passOver }: TruthOptions = {},
): CocoObjects {
  const collector = new Collector(truth, invalid, file);
  truth.annotations.forEach((annotation, i) => {
    if (passOver?.has(annotation?.image_id)) return;
    const place = placeOf('annotations', i, annotation?.id, file);
    collector.add(i, place, annotation, (image, imagePlace) => {
      const { id, image_id, category_id, bbox, segmentation } = annotation;
      if (!isId(id))
        throw new KcrError('COCO_ID', {
          where: placeOf('annotations', i, undefined, file)('id'),
          found: id === undefined ? 'no id' : valueText(id),
          fix: 'Give a number or a text',
        });
      const area = checkArea(annotation.area, place);
      const crowd = checkCrowd(annotation.iscrowd, place);
      if (type === 'bbox')
        return {
          image: image_id,
          category: category_id,
          score: 1,
          box: checkBox(bbox, place),
          area,
          crowd,
        };
      const mask = maskOf(segmentation, image, place, imagePlace);
      const box = hasNoBox(bbox) ? rleBox(mask) : checkBox(bbox, place);
      return { image: image_id, category: category_id, score: 1, box, area, crowd, mask };
    });
  });
  return collector;
}
