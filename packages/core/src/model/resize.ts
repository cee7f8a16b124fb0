import { type NdArray, sizeOf } from '../ground/array.ts';
import type { Grid } from '../ground/resampling.ts';

/** An array that was made to fit. */
export interface Resized {
  readonly array: NdArray;
  /** What it was and what it is, for people: `14x14`, `3 channels`. */
  readonly from: string;
  readonly to: string;
}

/** What is known of the model that an array is of. */
export interface ResizeSource {
  /** Height and width of its images. */
  readonly image?: readonly [number, number];
}

/**
 * How a parameter is made from the one of a model of another size (image, patch, window, channels): the array that it has in
 * that model gives this model's. Nothing where the array is as it should be, and where it cannot be resized.
 */
export type Resize = (from: NdArray, source: ResizeSource) => Resized | undefined;

/** `14x14`. */
export const gridText = ({ height, width }: Grid): string => `${height}x${width}`;

/** Values as float32 of a shape. */
export const asFloat32 = (shape: readonly number[], data: Float64Array): NdArray => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

/**
 * A convolution that reads images, from one for images of other channels. As timm's `adapt_input_conv`: one channel gets the sum
 * over red, green and blue; others get these filters in turn, times 3 / channels, so that values stay as large.
 *
 * @param channels of this model's images
 */
export const resizeInputChannels =
  (channels: number): Resize =>
  (from) => {
    const [out, inner, ...kernel] = from.shape;
    if (from.shape.length !== 4 || inner !== 3 || channels === 3) return undefined;
    const size = sizeOf(kernel);
    const data = new Float64Array(out! * channels * size);
    for (let o = 0; o < out!; o++)
      for (let c = 0; c < (channels === 1 ? 3 : channels); c++)
        for (let k = 0; k < size; k++) {
          const value = from.data[(o * 3 + (c % 3)) * size + k]!;
          if (channels === 1) data[o * size + k]! += value;
          else data[(o * channels + c) * size + k] = (value * 3) / channels;
        }
    const array = asFloat32([out!, channels, ...kernel], data);
    return { array, from: '3 channels', to: `${channels} channel${channels === 1 ? '' : 's'}` };
  };
