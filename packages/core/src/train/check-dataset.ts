import { shapeText } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Dataset, ImageSet } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import { checkLabels } from './check-labels.ts';

/**
 * Checks that a model can be used on a data set.
 *
 * @throws KcrError `DATASET_CLASSES`, `DATASET_SHAPE`, `DATASET_EMPTY`, `DATASET_BATCH`, `LABEL_CLASS`
 */
export function checkDataset(model: Model, dataset: ImageSet, where: string): void {
  if (dataset.length === 0)
    throw new KcrError('DATASET_EMPTY', { where, found: 'no images', fix: 'Check the path' });
  if (dataset.classes.length !== model.classes)
    throw new KcrError('DATASET_CLASSES', {
      where,
      found: `${dataset.classes.length} classes for a model of ${model.classes}`,
      fix:
        model.classes === 0
          ? 'The model gives features alone: make it with as many classes (num_classes)'
          : 'Use data with the classes that the model was trained for',
    });
  if (shapeText(dataset.shape) !== shapeText(model.inputShape))
    throw new KcrError('DATASET_SHAPE', {
      where,
      found: `images of ${shapeText(dataset.shape)} for a model of ${shapeText(model.inputShape)}`,
      fix: "Load the data at the model's image size",
    });
  const { labels } = dataset as Partial<Dataset>;
  if (!labels) return;
  if (labels.length !== dataset.length)
    throw new KcrError('DATASET_BATCH', {
      where,
      found: `${labels.length} labels for ${dataset.length} images`,
      fix: 'Give one label for each image',
    });
  checkLabels(labels, model.classes, where);
}
