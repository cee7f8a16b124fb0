import type { Augment } from './augment.ts';
import { portable } from './described.ts';

export interface RandomErasingOptions {
  /** Default 0.25. */
  probability?: number;
  /** Share of the image's area. Default 0.02 to 1/3. */
  scale?: readonly [number, number];
  /** Height : width, at most; the least is its inverse. Default 1 / 0.3. */
  ratio?: number;
}

/** Fills a random rectangle with random pixels (Zhong et al. 2020): ten tries to place one. */
export const randomErasing = ({
  probability = 0.25,
  scale = [0.02, 1 / 3],
  ratio = 1 / 0.3,
}: RandomErasingOptions = {}): Augment =>
  portable('randomErasing', { probability, scale, ratio }, (image, generator) => {
    if (generator.uniform() >= probability) return image;
    const [height, width, channels] = image.shape;
    const between = (low: number, high: number) => low + (high - low) * generator.uniform();
    for (let i = 0; i < 10; i++) {
      const area = height * width * between(...scale);
      const aspect = Math.exp(between(-Math.log(ratio), Math.log(ratio)));
      const h = Math.round(Math.sqrt(area * aspect));
      const w = Math.round(Math.sqrt(area / aspect));
      if (h < 1 || w < 1 || h >= height || w >= width) continue;
      const [top, left] = [generator.integer(height - h + 1), generator.integer(width - w + 1)];
      const data = image.data.slice();
      for (let y = top; y < top + h; y++)
        for (let at = (y * width + left) * channels; at < (y * width + left + w) * channels; at++)
          data[at] = generator.integer(256);
      return { data, shape: image.shape };
    }
    return image;
  });
