import { type ErrorCode, KcrError } from '@kcr/core';
import type { CocoBox, CocoImage } from './format.ts';
import { valueText } from './json-value.ts';
import type { Place } from './place.ts';
import type { Rle } from './rle.ts';
import { toRle } from './segmentation.ts';

/** COCO's API counts pixels in 32 bits; ours with a sign. */
const MOST_PIXELS = 2 ** 31 - 1;

const refuse = (code: ErrorCode, where: string, found: string, fix: string): never => {
  throw new KcrError(code, { where, found, fix });
};

/** Whether an entry says nothing of its box: COCO's API takes an empty list for none. */
export const hasNoBox = (box: unknown): boolean =>
  box === undefined || box === null || (Array.isArray(box) && box.length === 0);

/** @throws KcrError `COCO_BOX` for what is not four numbers, the last two 0 or more, with finite corners and area */
export function checkBox(box: unknown, place: Place): CocoBox {
  const fine =
    Array.isArray(box) &&
    box.length === 4 &&
    box.every(Number.isFinite) &&
    box[2] >= 0 &&
    box[3] >= 0 &&
    [box[0] + box[2], box[1] + box[3], box[2] * box[3]].every(Number.isFinite);
  if (fine) return box as unknown as CocoBox;
  return refuse(
    'COCO_BOX',
    place('bbox'),
    `a box ${valueText(box)}`,
    'Give [x, y, width, height] with sizes of 0 or more',
  );
}

/** @throws KcrError `COCO_AREA` for what is not a finite number, or not there */
export function checkArea(area: unknown, place: Place): number {
  if (typeof area === 'number' && Number.isFinite(area)) return area;
  return refuse(
    'COCO_AREA',
    place('area'),
    area === undefined ? 'no area' : `an area of ${valueText(area)}`,
    "Give the object's area in pixels, of its mask where it has one",
  );
}

/**
 * Whether an annotation is of a crowd: `true` or a whole number other than 0.
 *
 * @throws KcrError `COCO_CROWD`; not for an annotation that does not say, which is of one object
 */
export function checkCrowd(iscrowd: unknown, place: Place): boolean {
  if (iscrowd === undefined || iscrowd === null) return false;
  if (typeof iscrowd === 'boolean') return iscrowd;
  if (Number.isInteger(iscrowd)) return iscrowd !== 0;
  return refuse('COCO_CROWD', place('iscrowd'), valueText(iscrowd), 'Give 0 or 1');
}

/** @throws KcrError `COCO_SCORE` for what is not a finite number */
export function checkScore(score: unknown, place: Place): number {
  if (typeof score === 'number' && Number.isFinite(score)) return score;
  return refuse(
    'COCO_SCORE',
    place('score'),
    `a score of ${valueText(score)}`,
    'Give a finite number',
  );
}

/** @throws KcrError `COCO_SIZE` for an image whose sides are not whole numbers of 1 or more, or too large */
export function checkImageSize({ height, width }: CocoImage, place: Place): void {
  for (const [field, side] of Object.entries({ height, width }))
    if (!(Number.isInteger(side) && side >= 1 && height * width <= MOST_PIXELS))
      refuse(
        'COCO_SIZE',
        place(field),
        side === undefined ? `no ${field}` : `a ${field} of ${valueText(side)}`,
        `Give whole numbers of pixels, at most ${MOST_PIXELS} in all`,
      );
}

/** @throws KcrError `COCO_SEGMENTATION`, `COCO_SIZE`, `RLE_SIZE`, `RLE_TEXT` */
export function maskOf(
  segmentation: unknown,
  image: CocoImage,
  place: Place,
  imagePlace: Place,
): Rle {
  checkImageSize(image, imagePlace);
  const where = place('segmentation');
  const none = segmentation === undefined || segmentation === null;
  if (none || (Array.isArray(segmentation) && segmentation.length === 0))
    return refuse(
      'COCO_SEGMENTATION',
      where,
      'no segmentation',
      'Compare boxes (`bbox`), or give polygons or runs',
    );
  return toRle(segmentation, image.height, image.width, where);
}
