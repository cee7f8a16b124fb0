import type { CompiledStep, ImageSet, Task } from '@kcr/core';
import { detectedObjects, type InstanceDataset, truthObjects } from '@kcr/data';
import { cocoEvaluate } from '../coco/evaluate.ts';
import { detectImages } from './detect-images.ts';

/**
 * Boxes, and masks where they are known: COCO's average precision at the images' own sizes; no number where there is no
 * object to find.
 */
export const instanceDetection: Task = {
  name: 'instance detection',
  contract: 1,
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
    // COCO's API says -1 where there is no object to find.
    if (box.AP < 0) return {};
    const numbers = { boxAP: box.AP, boxAP50: box.AP50, boxAP75: box.AP75 };
    if (!source.masks || !masks) return numbers;
    const mask = measure('segm');
    return { ...numbers, maskAP: mask.AP, maskAP50: mask.AP50, maskAP75: mask.AP75 };
  },
};
