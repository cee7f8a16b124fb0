import { KcrError } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import type { InvalidPolicy } from '../invalid.ts';
import { Collector } from './collector.ts';
import { checkBox, checkScore, hasNoBox, maskOf } from './fields.ts';
import type { CocoBox, CocoDetection, CocoGroundTruth, CocoImage } from './format.ts';
import type { CocoObjects, CocoType } from './objects.ts';
import { placeOf } from './place.ts';
import { rleArea, rleBox } from './rle.ts';

export interface DetectedOptions {
  /** Detections that cannot be used: an error, or left out and counted. Default `error`. */
  readonly invalid?: InvalidPolicy;
  /** Of the ground truth and of the detections, for the errors. */
  readonly files?: { readonly truth?: string; readonly detections?: string };
}

/** A box as a polygon. */
const outline = ([x, y, width, height]: CocoBox) => [
  [x, y, x, y + height, x + width, y + height, x + width, y],
];

/** An image whose size the file does not say has that of its detection's runs, where only boxes are compared. */
function sizedAsMask(image: CocoImage, segmentation: CocoDetection['segmentation']): CocoImage {
  if (image.height !== undefined || image.width !== undefined || !isRecord(segmentation))
    return image;
  const [height, width] = segmentation.size ?? [];
  return { ...image, height: height!, width: width! };
}

/**
 * The objects of a list of detections. As in COCO's API the first of them decides for all where areas come from: from
 * boxes where it has one, else from masks; and with boxes the mask of a detection that has no segmentation is its box.
 *
 * @throws KcrError as {@link truthObjects}, and `COCO_SCORE`; `COCO_FORMAT` for no list
 */
export function detectedObjects(
  truth: CocoGroundTruth,
  detections: readonly CocoDetection[],
  type: CocoType,
  { invalid = 'error', files = {} }: DetectedOptions = {},
): CocoObjects {
  if (!Array.isArray(detections))
    throw new KcrError('COCO_FORMAT', {
      where: files.detections ?? 'detections',
      found: 'no list of detections',
      fix: "Pass results in COCO's format: a list of image_id, category_id, score, bbox",
    });
  const collector = new Collector(truth, invalid, files.truth);
  const bbox: unknown = detections[0]?.bbox;
  const boxed = bbox === null || !hasNoBox(bbox);
  detections.forEach((detection, i) => {
    const place = placeOf('detections', i, undefined, files.detections);
    collector.add(i, place, detection, (image, imagePlace) => {
      const { image_id, category_id, segmentation } = detection;
      const score = checkScore(detection.score, place);
      const own = boxed ? checkBox(detection.bbox, place) : undefined;
      const shape = own && segmentation === undefined ? outline(own) : segmentation;
      const sized = type === 'segm' ? image : sizedAsMask(image, segmentation);
      const mask = type === 'segm' || !own ? maskOf(shape, sized, place, imagePlace) : undefined;
      const box = own ?? rleBox(mask!);
      const area = own ? own[2] * own[3] : rleArea(mask!);
      return { image: image_id, category: category_id, score, crowd: false, box, area, mask };
    });
  });
  return collector;
}
