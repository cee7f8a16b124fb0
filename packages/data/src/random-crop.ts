import type { Augment } from './augment.ts';
import { portable } from './described.ts';
import { remap } from './remap.ts';

/** Shifts the image by up to `padding` pixels each way, black coming in. */
export const randomCrop = (padding: number): Augment =>
  portable('randomCrop', { padding }, (image, generator) => {
    const dy = generator.integer(2 * padding + 1) - padding;
    const dx = generator.integer(2 * padding + 1) - padding;
    if (dy === 0 && dx === 0) return image;
    const [height, width] = image.shape;
    return remap(image, (y, x) => {
      const [sy, sx] = [y + dy, x + dx];
      return sy >= 0 && sy < height && sx >= 0 && sx < width ? sy * width + sx : -1;
    });
  });
