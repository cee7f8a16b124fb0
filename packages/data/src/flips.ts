import type { Augment } from './augment.ts';
import { described } from './described.ts';
import { remap } from './remap.ts';

/** Mirrors left and right with probability `p`. */
export const horizontalFlip = (p = 0.5): Augment =>
  described('horizontalFlip', { p }, (image, generator) => {
    if (generator.uniform() >= p) return image;
    const width = image.shape[1];
    return remap(image, (y, x) => y * width + width - 1 - x);
  });

/** Mirrors top and bottom with probability `p`. */
export const verticalFlip = (p = 0.5): Augment =>
  described('verticalFlip', { p }, (image, generator) => {
    if (generator.uniform() >= p) return image;
    const [height, width] = image.shape;
    return remap(image, (y, x) => (height - 1 - y) * width + x);
  });

/** Swaps rows and columns of a square image with probability `p`. */
export const transpose = (p = 0.5): Augment =>
  described('transpose', { p }, (image, generator) => {
    const [height, width] = image.shape;
    if (generator.uniform() >= p || height !== width) return image;
    return remap(image, (y, x) => x * width + y);
  });
