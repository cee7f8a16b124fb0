import type { Generator } from '@kcr/core/ground';
import type { Augment } from './augment.ts';
import type { Pixels } from './image.ts';

/** An image after random changes, one after another. */
export const augmented = (
  image: Pixels,
  augment: readonly Augment[],
  generator: Generator,
): Pixels => augment.reduce((changed, change) => change(changed, generator), image);
