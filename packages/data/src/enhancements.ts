import type { Pixels } from './image.ts';
import { mapValues, table } from './value-tables.ts';

/** A value beside another one: factor 0 gives the other, 1 the value, more than 1 goes beyond it. */
const blend = (value: number, other: number, factor: number): number =>
  other + factor * (value - other);

/** Brightness of every pixel (ITU-R 601). */
function luma({ data, shape: [height, width, channels] }: Pixels): Float32Array {
  const grey = new Float32Array(height * width);
  for (let p = 0, i = 0; p < grey.length; p++, i += channels)
    grey[p] =
      channels === 1 ? data[i]! : 0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!;
  return grey;
}

/** Factor 0 is grey. */
export function saturation(image: Pixels, factor: number): Pixels {
  const { data, shape } = image;
  const channels = shape[2];
  const grey = luma(image);
  const out = new Uint8ClampedArray(data.length);
  for (let p = 0, i = 0; p < grey.length; p++)
    for (const end = i + channels; i < end; i++) out[i] = blend(data[i]!, grey[p]!, factor);
  return { data: new Uint8Array(out.buffer), shape };
}

/** Factor 0 is the mean brightness everywhere. */
export function contrast(image: Pixels, factor: number): Pixels {
  const grey = luma(image);
  let sum = 0;
  for (let p = 0; p < grey.length; p++) sum += grey[p]!;
  const mean = Math.round(sum / grey.length);
  return mapValues(image, [table((value) => blend(value, mean, factor))]);
}

/** Factor 0 is black. */
export const brightness = (image: Pixels, factor: number): Pixels =>
  mapValues(image, [table((value) => blend(value, 0, factor))]);

/** Means of 9 values and 4 times the middle one by their sum, in the precision that they have always had. */
const SMOOTH = Float32Array.from({ length: 255 * 13 + 1 }, (_, sum) => sum / 13);

/** Factor 0 is smooth; the border stays. */
export function sharpness({ data, shape }: Pixels, factor: number): Pixels {
  const [height, width, channels] = shape;
  const row = width * channels;
  const out = new Uint8ClampedArray(data);
  for (let y = 1; y < height - 1; y++)
    for (let i = y * row + channels, end = (y + 1) * row - channels; i < end; i++) {
      const above = i - row;
      const below = i + row;
      const sum =
        data[above - channels]! +
        data[above]! +
        data[above + channels]! +
        data[i - channels]! +
        5 * data[i]! +
        data[i + channels]! +
        data[below - channels]! +
        data[below]! +
        data[below + channels]!;
      out[i] = blend(data[i]!, SMOOTH[sum]!, factor);
    }
  return { data: new Uint8Array(out.buffer), shape };
}
