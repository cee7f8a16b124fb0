import type { Augment } from './augment.ts';
import { portable } from './described.ts';
import type { Pixels } from './image.ts';
import { remap } from './remap.ts';

/** An image with left and right changed. */
function mirrored({ data: from, shape }: Pixels): Pixels {
  const [, width, channels] = shape;
  const row = width * channels;
  const data = new Uint8Array(from.length);
  for (let start = 0; start < from.length; start += row)
    if (channels === 3)
      // Without a loop of its own for each pixel it takes a third of the time.
      for (let to = start, at = start + row - 3; at >= start; to += 3, at -= 3) {
        data[to] = from[at]!;
        data[to + 1] = from[at + 1]!;
        data[to + 2] = from[at + 2]!;
      }
    else
      for (let to = start, at = start + row - channels; at >= start; to += channels, at -= channels)
        for (let c = 0; c < channels; c++) data[to + c] = from[at + c]!;
  return { data, shape };
}

/** Mirrors left and right with probability `p`. */
export const horizontalFlip = (p = 0.5): Augment =>
  portable('horizontalFlip', { p }, (image, generator) => {
    return generator.uniform() < p ? mirrored(image) : image;
  });

/** Mirrors top and bottom with probability `p`. */
export const verticalFlip = (p = 0.5): Augment =>
  portable('verticalFlip', { p }, (image, generator) => {
    if (generator.uniform() >= p) return image;
    const [height, width] = image.shape;
    return remap(image, (y, x) => (height - 1 - y) * width + x);
  });

/** Swaps rows and columns of a square image with probability `p`. */
export const transpose = (p = 0.5): Augment =>
  portable('transpose', { p }, (image, generator) => {
    const [height, width] = image.shape;
    if (generator.uniform() >= p || height !== width) return image;
    return remap(image, (y, x) => x * width + y);
  });
