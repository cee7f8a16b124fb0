import { KcrError } from '@kcr/core';
import type { InvalidPolicy } from '../invalid.ts';
import { checkBox, maskOf } from './box-and-mask.ts';
import { Collector } from './collector.ts';
import type { CocoDetection, CocoGroundTruth } from './format.ts';
import type { CocoObjects, CocoType } from './objects.ts';
import { rleArea, rleBox } from './rle.ts';

/**
 * The objects of a list of detections. As in COCO's API the first of them decides for all where areas come from: from
 * boxes where it has one, else from masks.
 *
 * @throws KcrError as {@link truthObjects}, and `COCO_SCORE`
 */
export function detectedObjects(
  truth: CocoGroundTruth,
  detections: readonly CocoDetection[],
  type: CocoType,
  policy: InvalidPolicy = 'error',
): CocoObjects {
  const collector = new Collector(truth, policy);
  const boxed = (detections[0]?.bbox?.length ?? 0) > 0;
  detections.forEach((detection, i) => {
    const where = `detection ${i}`;
    collector.add(i, where, detection, (image) => {
      const { image_id, category_id, score } = detection;
      if (!Number.isFinite(score))
        throw new KcrError('COCO_SCORE', {
          where,
          found: `a score of ${score}`,
          fix: 'Give a finite number',
        });
      const mask =
        type === 'segm' || !boxed ? maskOf(detection.segmentation, image, where) : undefined;
      const box = boxed ? checkBox(detection.bbox, where) : rleBox(mask!);
      const area = boxed ? box[2] * box[3] : rleArea(mask!);
      return { image: image_id, category: category_id, score, crowd: false, box, area, mask };
    });
  });
  return collector;
}
