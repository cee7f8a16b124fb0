import { type Dataset, Generator, KcrError } from '@kcr/core';
import type { Fold } from './data-kind.ts';
import { type SplitOptions, splitByClass } from './split-by-class.ts';

/** How a data set is parted for cross-validation. */
export interface FoldOptions extends Fold {
  /** A split whose test images take no part. */
  readonly without?: SplitOptions;
}

/**
 * Parts images by chance into folds of equal size, each with as many of each class as the others: counts differ by one at most, those
 * of a class and those of all. The folds of one seed hold each image that takes part once.
 *
 * @param where the images are, for messages
 * @returns indices of the images outside of the fold and in it, in order
 * @throws KcrError `DATASET_SPLIT` for a class with fewer images than there are folds
 */
export function foldByClass(
  data: Pick<Dataset, 'labels' | 'classes'>,
  { fold, folds, seed, share, without }: FoldOptions,
  where: string,
): { train: Int32Array; test: Int32Array } {
  const { labels, classes } = data;
  const whole = without ? splitByClass(data, without, where).train : Int32Array.from(labels.keys());
  const train: number[] = [];
  const test: number[] = [];
  // Counted on from class to class, so that no fold gets what is left over of all of them.
  let turn = 0;
  classes.forEach((name, label) => {
    const own = whole.filter((i) => labels[i] === label);
    if (own.length === 0) return;
    if (own.length < folds)
      throw new KcrError('DATASET_SPLIT', {
        where: `${where}, class ${JSON.stringify(name)}`,
        found: `${own.length} images for ${folds} folds`,
        fix: 'Use fewer folds, add images, or leave the class out',
      });
    const count = Math.max(Math.round(share * own.length), folds);
    const order = new Generator(seed).fork(`folds ${name}`).permutation(own.length);
    for (const i of order.subarray(0, count)) {
      const part = turn++ % folds === fold ? test : train;
      part.push(own[i]!);
    }
  });
  const sorted = (indices: number[]) => Int32Array.from(indices).sort();
  return { train: sorted(train), test: sorted(test) };
}
