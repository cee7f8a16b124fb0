import type { Pixels } from '@kcr/data';
import type { Colour } from './colours.ts';

/** Share of the overlay's colour. */
const OPACITY = 0.45;

/** The pixels, in colour, with a colour over those that have one. */
export function tinted(image: Pixels, colourAt: (pixel: number) => Colour | undefined): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(height * width * 3);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const colour = colourAt(pixel);
    for (let c = 0; c < 3; c++) {
      const own = image.data[pixel * channels + (channels === 1 ? 0 : c)]!;
      data[3 * pixel + c] = colour ? own * (1 - OPACITY) + colour[c]! * OPACITY : own;
    }
  }
  return { data, shape: [height, width, 3] };
}

/** Which object is seen at each pixel: of those whose masks overlap the best, which come first. -1 where there is none. */
export function ownersOf(
  masks: readonly (ArrayLike<number> | undefined)[],
  pixels: number,
): Int32Array {
  const owner = new Int32Array(pixels).fill(-1);
  for (let i = masks.length - 1; i >= 0; i--) {
    const mask = masks[i];
    for (let pixel = 0; mask && pixel < pixels; pixel++) if (mask[pixel]) owner[pixel] = i;
  }
  return owner;
}
