import type { Pixels } from './image.ts';

/** `image` beside `other`: 0 gives `other`, 1 the image, more than 1 goes beyond it. */
const blend = (image: Pixels, other: (i: number) => number, factor: number): Pixels => ({
  shape: image.shape,
  data: Uint8Array.from(
    Uint8ClampedArray.from(image.data, (value, i) => other(i) + factor * (value - other(i))),
  ),
});

/** Brightness of every pixel (ITU-R 601). */
function luma({ data, shape: [height, width, channels] }: Pixels): Float32Array {
  return Float32Array.from({ length: height * width }, (_, p) =>
    channels === 1
      ? data[p]!
      : 0.299 * data[3 * p]! + 0.587 * data[3 * p + 1]! + 0.114 * data[3 * p + 2]!,
  );
}

/** Factor 0 is grey. */
export function saturation(image: Pixels, factor: number): Pixels {
  const grey = luma(image);
  return blend(image, (i) => grey[Math.floor(i / image.shape[2])]!, factor);
}

/** Factor 0 is the mean brightness everywhere. */
export function contrast(image: Pixels, factor: number): Pixels {
  const grey = luma(image);
  const mean = Math.round(grey.reduce((sum, x) => sum + x, 0) / grey.length);
  return blend(image, () => mean, factor);
}

/** Factor 0 is black. */
export const brightness = (image: Pixels, factor: number): Pixels => blend(image, () => 0, factor);

/** Factor 0 is smooth; the border stays. */
export function sharpness(image: Pixels, factor: number): Pixels {
  const [height, width, channels] = image.shape;
  const row = width * channels;
  const smooth = Float32Array.from(image.data);
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + channels; i < (y + 1) * row - channels; i++) {
      let sum = 4 * image.data[i]!;
      for (const dy of [-row, 0, row])
        for (const dx of [-channels, 0, channels]) sum += image.data[i + dy + dx]!;
      smooth[i] = sum / 13;
    }
  return blend(image, (i) => smooth[i]!, factor);
}
