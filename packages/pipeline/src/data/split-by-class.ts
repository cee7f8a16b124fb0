import { type Dataset, Generator, KcrError } from '@kcr/core';

/** How a data set is split. */
export interface SplitOptions {
  /** Of each class, for testing; rounded, at least one image. */
  readonly share: number;
  readonly seed: number;
}

/**
 * Splits images by chance, with the same share of each class to test with.
 *
 * @param where the images are, for messages
 * @returns indices of both parts, in order
 * @throws KcrError `DATASET_SPLIT` for a class with a single image
 */
export function splitByClass(
  { labels, classes }: Pick<Dataset, 'labels' | 'classes'>,
  { share, seed }: SplitOptions,
  where: string,
): { train: Int32Array; test: Int32Array } {
  const isTest = new Uint8Array(labels.length);
  classes.forEach((name, label) => {
    const own = Int32Array.from(labels.keys()).filter((i) => labels[i] === label);
    if (own.length === 0) return;
    if (own.length === 1)
      throw new KcrError('DATASET_SPLIT', {
        where: `${where}, class ${JSON.stringify(name)}`,
        found: 'one image, which cannot be for training and for testing',
        fix: 'Add images, or leave the class out',
      });
    const count = Math.min(Math.max(Math.round(share * own.length), 1), own.length - 1);
    const order = new Generator(seed).fork(`split ${name}`).permutation(own.length);
    for (const i of order.subarray(0, count)) isTest[own[i]!] = 1;
  });
  const part = (wanted: number) =>
    Int32Array.from(labels.keys()).filter((i) => isTest[i] === wanted);
  return { train: part(0), test: part(1) };
}
