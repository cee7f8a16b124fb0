import { type Dataset, Generator, subset } from '@kcr/core';

/** Images of some classes, which keep their numbers: a classifier keeps all its outputs. */
export interface SearchedClasses {
  /** Their names, in the data's order. */
  readonly classes: readonly string[];
  /** The images of these classes in any set with the same ones. */
  of(images: Dataset): Dataset;
}

/**
 * Draws classes by the seed. The first ones would be no sample: ImageNet's first hundred are animals.
 *
 * @param count how many; all where there are fewer
 */
export function drawClasses(
  { classes }: Pick<Dataset, 'classes'>,
  count: number,
  seed: number,
): SearchedClasses {
  const order = new Generator(seed).fork('search.classes').permutation(classes.length);
  const drawn = new Set(order.slice(0, count));
  const has = (label: number) => drawn.has(label);
  return {
    classes: classes.filter((_, label) => has(label)),
    of: (images) =>
      subset(
        images,
        Int32Array.from(images.labels.keys()).filter((i) => has(images.labels[i]!)),
      ),
  };
}
