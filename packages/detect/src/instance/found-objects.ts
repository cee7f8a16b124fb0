import type { NdArray } from '@kcr/core';
import {
  type CocoDetection,
  type CocoId,
  encodeRuns,
  type Rle,
  sourceBox,
  type View,
} from '@kcr/data';
import { pasteMask } from './paste-mask.ts';

/** An object that a model found, in pixels of the image. */
export interface FoundObject {
  /** Index of the class. */
  readonly label: number;
  readonly score: number;
  /** left, top, right, bottom */
  readonly box: readonly [number, number, number, number];
  readonly mask?: Rle;
}

/** The results of image `n` of a batch, on the image under its view. */
export function foundObjects(
  results: Readonly<Record<string, NdArray>>,
  n: number,
  view: View,
): FoundObject[] {
  const { boxes, scores, labels, masks } = results as Record<
    'boxes' | 'scores' | 'labels',
    NdArray
  > & {
    masks?: NdArray;
  };
  const places = scores.shape[1]!;
  const objects: FoundObject[] = [];
  for (let i = n * places; i < (n + 1) * places; i++) {
    const score = scores.data[i]!;
    const [a, b, c, d] = boxes.data.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const box = sourceBox([a, b, c, d], view);
    if (!(score > 0) || box[2] <= box[0] || box[3] <= box[1]) continue;
    const side = masks?.shape[2] ?? 0;
    const own = masks?.data.subarray(side * side * i, side * side * (i + 1));
    objects.push({
      label: labels.data[i]!,
      score,
      box,
      mask: own && pasteMask(own, side, box, view.source),
    });
  }
  return objects;
}

/** Found objects in COCO's format. */
export const toCoco = (
  objects: readonly FoundObject[],
  image: CocoId,
  categories: readonly { readonly id: CocoId }[],
): CocoDetection[] =>
  objects.map(({ label, score, box: [left, top, right, bottom], mask }) => ({
    image_id: image,
    category_id: categories[label]!.id,
    score,
    bbox: [left, top, right - left, bottom - top],
    ...(mask
      ? { segmentation: { size: [mask.height, mask.width], counts: encodeRuns(mask.runs) } }
      : {}),
  }));
