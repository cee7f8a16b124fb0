import {
  batches,
  batchOrder,
  type CompiledStep,
  type ImageSet,
  type NdArray,
  range,
  type Task,
} from '@kcr/core';
import {
  type CocoDetection,
  detectedObjects,
  encodeRuns,
  type InstanceDataset,
  type Rle,
  sourceBox,
  truthObjects,
  type View,
} from '@kcr/data';
import { cocoEvaluate } from '../coco/evaluate.ts';
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
  image: number,
  categories: readonly { readonly id: number }[],
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

/** What a model found in a set of images. */
export interface DetectedImages {
  /** In COCO's format. */
  readonly detections: readonly CocoDetection[];
  /** Whether the model gives masks. */
  readonly masks: boolean;
}

/** All that a model finds in a set of images. */
export async function detectImages(
  inference: CompiledStep,
  data: InstanceDataset,
  batchSize: number,
): Promise<DetectedImages> {
  const { images, categories } = data.source.truth;
  const detections: CocoDetection[] = [];
  let masks = false;
  for await (const { indices, batch } of batches(data, batchOrder(range(data.length), batchSize))) {
    const results = await inference({ image: batch.image });
    masks ||= results.masks !== undefined;
    indices.forEach((i, n) => {
      detections.push(...toCoco(foundObjects(results, n, data.view(i)), images[i]!.id, categories));
    });
  }
  return { detections, masks };
}

/** Boxes, and masks where they are known: COCO's average precision at the images' own sizes. */
export const instanceDetection: Task = {
  name: 'instance detection',
  metrics: { boxAP: 'box AP', boxAP50: 'box AP50', maskAP: 'mask AP', maskAP50: 'mask AP50' },
  losses: ({ losses }) => losses!,
  outputs: ({ results }) => results!,
  async evaluate(inference: CompiledStep, data: ImageSet, batchSize) {
    const { source } = data as InstanceDataset;
    const { truth } = source;
    const { detections, masks } = await detectImages(inference, data as InstanceDataset, batchSize);
    const measure = (type: 'bbox' | 'segm') =>
      cocoEvaluate(
        truthObjects(truth, type).objects,
        detectedObjects(truth, detections, type).objects,
        truth.images.map(({ id }) => id),
        truth.categories.map(({ id }) => id),
      );
    const box = measure('bbox');
    const numbers = { boxAP: box.AP, boxAP50: box.AP50, boxAP75: box.AP75 };
    if (!source.masks || !masks) return numbers;
    const mask = measure('segm');
    return { ...numbers, maskAP: mask.AP, maskAP50: mask.AP50, maskAP75: mask.AP75 };
  },
};
