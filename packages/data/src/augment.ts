import type { Generator } from '@kcr/core';
import type { Pixels, Region } from './image.ts';

/** A random change of one image. It may return its input. */
export type Augment = (image: Pixels, generator: Generator) => Pixels;

/** Moves pixels: output pixel (y, x) is input pixel `source(y, x)`, counted by rows, or black below 0. */
function remap(image: Pixels, source: (y: number, x: number) => number): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(image.data.length);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += channels) {
      const from = source(y, x) * channels;
      for (let c = 0; from >= 0 && c < channels; c++) data[to + c] = image.data[from + c]!;
    }
  return { data, shape: image.shape };
}

/** Mirrors left and right with probability `p`. */
export const horizontalFlip =
  (p = 0.5): Augment =>
  (image, generator) => {
    if (generator.uniform() >= p) return image;
    const width = image.shape[1];
    return remap(image, (y, x) => y * width + width - 1 - x);
  };

/** Mirrors top and bottom with probability `p`. */
export const verticalFlip =
  (p = 0.5): Augment =>
  (image, generator) => {
    if (generator.uniform() >= p) return image;
    const [height, width] = image.shape;
    return remap(image, (y, x) => (height - 1 - y) * width + x);
  };

/** Shifts the image by up to `padding` pixels each way, black coming in. */
export const randomCrop =
  (padding: number): Augment =>
  (image, generator) => {
    const dy = generator.integer(2 * padding + 1) - padding;
    const dx = generator.integer(2 * padding + 1) - padding;
    if (dy === 0 && dx === 0) return image;
    const [height, width] = image.shape;
    return remap(image, (y, x) => {
      const [sy, sx] = [y + dy, x + dx];
      return sy >= 0 && sy < height && sx >= 0 && sx < width ? sy * width + sx : -1;
    });
  };

/** Swaps rows and columns of a square image with probability `p`. */
export const transpose =
  (p = 0.5): Augment =>
  (image, generator) => {
    const [height, width] = image.shape;
    if (generator.uniform() >= p || height !== width) return image;
    return remap(image, (y, x) => x * width + y);
  };

export interface ResizedCropOptions {
  /** Share of the image's area. Default 0.08 to 1. */
  scale?: readonly [number, number];
  /** Width : height. Default 3/4 to 4/3. */
  ratio?: readonly [number, number];
}

/** The part of a random resized crop, as torchvision draws it: ten tries, then the centre. */
export function randomRegion(
  width: number,
  height: number,
  generator: Generator,
  { scale = [0.08, 1], ratio = [3 / 4, 4 / 3] }: ResizedCropOptions = {},
): Region {
  const between = (low: number, high: number) => low + (high - low) * generator.uniform();
  for (let i = 0; i < 10; i++) {
    const area = width * height * between(...scale);
    const aspect = Math.exp(between(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = Math.sqrt(area * aspect) / width;
    const h = Math.sqrt(area / aspect) / height;
    if (w <= 1 && h <= 1)
      return { left: between(0, 1 - w), top: between(0, 1 - h), width: w, height: h };
  }
  const aspect = Math.min(Math.max(width / height, ratio[0]), ratio[1]);
  const w = Math.min(1, (height * aspect) / width);
  const h = Math.min(1, width / aspect / height);
  return { left: (1 - w) / 2, top: (1 - h) / 2, width: w, height: h };
}
