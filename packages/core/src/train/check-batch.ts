import { kindText, shapeText } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Batch, ImageSet } from '../model/batch.ts';
import { checkLabels } from './check-labels.ts';

/**
 * Checks that a batch has the images that were asked for, and classes as their labels.
 *
 * @throws KcrError `DATASET_BATCH`, `LABEL_CLASS`
 */
export function checkBatch(batch: Batch, indices: Int32Array, { shape, classes }: ImageSet): void {
  const where = `batch of the images ${indices.slice(0, 3).join(', ')}${indices.length > 3 ? ', ...' : ''}`;
  const wanted = shapeText([indices.length, ...shape]);
  const { image, label } = batch;
  if (image?.dtype !== 'float32' || shapeText(image.shape) !== wanted)
    throw new KcrError('DATASET_BATCH', {
      where,
      found: image ? `\`image\` of ${kindText(image)}` : 'no `image`',
      fix: `Give float32 images of ${wanted}`,
    });
  if (!label) return;
  if (label.dtype !== 'int32' || shapeText(label.shape) !== `[${indices.length}]`)
    throw new KcrError('DATASET_BATCH', {
      where,
      found: `\`label\` of ${kindText(label)}`,
      fix: `Give int32 labels of [${indices.length}]`,
    });
  checkLabels(label.data, classes.length, where);
}
