import type { Augment } from './augment.ts';
import { portable } from './described.ts';

/** Makes pixels black or white, each with probability `density`. */
export const saltAndPepper = (density: number): Augment =>
  portable('saltAndPepper', { density }, (image, generator) => {
    const [, , channels] = image.shape;
    const data = image.data.slice();
    for (let at = 0; at < data.length; at += channels)
      if (generator.uniform() < density)
        data.fill(generator.uniform() < 0.5 ? 0 : 255, at, at + channels);
    return { data, shape: image.shape };
  });
