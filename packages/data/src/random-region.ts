import type { Generator } from '@kcr/core/ground';
import type { PixelRegion } from './resample.ts';
import type { Size } from './view.ts';

/** A part of an image, in shares of its width and height. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

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

/** A region in whole pixels, at least one each way. */
export function toPixels({ left, top, width, height }: Region, image: Size): PixelRegion {
  const w = Math.max(Math.round(width * image.width), 1);
  const h = Math.max(Math.round(height * image.height), 1);
  return {
    left: Math.min(Math.round(left * image.width), image.width - w),
    top: Math.min(Math.round(top * image.height), image.height - h),
    width: w,
    height: h,
  };
}
