import { KcrError } from '../ground/error.ts';

/** @throws KcrError `LABEL_CLASS` for the first label that is none of so many classes */
export function checkLabels(labels: ArrayLike<number>, classes: number, where: string): void {
  for (let i = 0; i < labels.length; i++)
    if (!(labels[i]! >= 0 && labels[i]! < classes))
      throw new KcrError('LABEL_CLASS', {
        where: `${where}, image ${i}`,
        found: `the label ${labels[i]} for ${classes} classes`,
        fix: `Label images with 0 to ${classes - 1}, in the order of the classes`,
      });
}
