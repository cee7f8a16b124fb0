import { KcrError, type NdArray } from '@kcr/core';

/** So many classes there may be, however few the images; and as many as there are images. */
const FEW_CLASSES = 1000;

/**
 * Classes that labels have, numbered from 0.
 *
 * @throws KcrError `LABELS` for one far above the number of images
 */
export function classCount({ data: labels }: NdArray, path: string): number {
  const classes = Array.from(labels).reduce((most, y) => Math.max(most, y + 1), 0);
  // Each class has a column or a cluster, and each pair of them a number: one label of a million would fill the memory.
  const most = Math.max(labels.length, FEW_CLASSES);
  if (classes > most)
    throw new KcrError('LABELS', {
      where: `${path}, labels`,
      found: `the label ${classes - 1} for ${labels.length} images`,
      fix: `Number the classes from 0 to at most ${most - 1}`,
    });
  return classes;
}
