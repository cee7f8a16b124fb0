import { KcrError } from '@kcr/core';
import type { CocoBox, CocoImage } from './format.ts';
import type { Rle } from './rle.ts';
import { type Segmentation, toRle } from './segmentation.ts';

/** @throws KcrError `COCO_BOX` */
export function checkBox(box: CocoBox | undefined, where: string): CocoBox {
  const fine = box?.length === 4 && box.every(Number.isFinite) && box[2] >= 0 && box[3] >= 0;
  if (fine) return box;
  throw new KcrError('COCO_BOX', {
    where,
    found: `a box ${JSON.stringify(box)}`,
    fix: 'Give [x, y, width, height] with sizes of 0 or more',
  });
}

/** @throws KcrError `COCO_SEGMENTATION`, `RLE_SIZE` */
export function maskOf(
  segmentation: Segmentation | undefined,
  image: CocoImage,
  where: string,
): Rle {
  const empty = !segmentation || (Array.isArray(segmentation) && segmentation.length === 0);
  if (!empty) return toRle(segmentation, image.height, image.width, where);
  throw new KcrError('COCO_SEGMENTATION', {
    where,
    found: 'no segmentation',
    fix: 'Compare boxes (`bbox`), or give polygons or runs',
  });
}
