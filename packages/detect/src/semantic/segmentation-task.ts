import type { CompiledStep, ImageSet, Task } from '@kcr/core';
import { IGNORED, type SemanticDataset } from '@kcr/data';
import { ConfusionMatrix } from './confusion-matrix.ts';
import { segmentImage } from './segment-image.ts';

/**
 * A class for each pixel: cross-entropy, mean intersection over union and pixel accuracy at the images' own sizes; and
 * `iou.NAME` of each class that is there or was predicted, over which the mean is. No number where no pixel has a label.
 */
export const semanticSegmentation: Task = {
  name: 'semantic segmentation',
  contract: 1,
  metrics: { meanIou: 'mean IoU', pixelAccuracy: 'pixel accuracy' },
  losses: ({ losses }) => losses!,
  outputs: ({ logits }) => ({ logits }),
  async evaluate(inference: CompiledStep, data: ImageSet) {
    const { source, classes, normalization, shape, testing } = data as SemanticDataset;
    const matrix = new ConfusionMatrix(classes.length, IGNORED);
    for (let i = 0; i < data.length; i++) {
      const [pixels, truth] = await Promise.all([source.pixels(i), source.classMap(i)]);
      const found = await segmentImage(inference, pixels, { normalization, shape, ...testing });
      matrix.add(truth.data, found.data);
    }
    const { iou, meanIou, pixelAccuracy } = matrix.summary;
    if (!(meanIou >= 0)) return {};
    const byClass = classes.flatMap((name, c) =>
      Number.isNaN(iou[c]) ? [] : [[`iou.${name}`, iou[c]!] as const],
    );
    return { meanIou, pixelAccuracy, ...Object.fromEntries(byClass) };
  },
};
