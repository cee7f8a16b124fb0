import { batches, batchOrder, type CompiledStep, range } from '@kcr/core';
import type { CocoDetection, InstanceDataset } from '@kcr/data';
import { foundObjects, toCoco } from './found-objects.ts';

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
