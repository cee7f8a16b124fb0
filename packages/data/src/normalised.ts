import { float32, type NdArray, type Normalization } from '@kcr/core';
import type { Pixels } from './image.ts';
import { roundHalfEven } from './round-half-even.ts';

/** The pixel value of each channel that normalisation makes 0. */
export const fillOf = ({ mean }: Normalization): number[] =>
  mean.map((x) => roundHalfEven(255 * x));

/** Images of one shape as a model takes them: (pixel / 255 - mean) / std, float32 [n, height, width, channels]. */
export function normalised(images: readonly Pixels[], { mean, std }: Normalization): NdArray {
  const shape = images[0]?.shape ?? [0, 0, mean.length];
  const channels = shape[2];
  const scale = Array.from({ length: channels }, (_, c) => 1 / (255 * std[c % std.length]!));
  const shift = Array.from(
    { length: channels },
    (_, c) => mean[c % mean.length]! / std[c % std.length]!,
  );
  const all = float32([images.length, ...shape]);
  images.forEach(({ data }, n) => {
    const offset = n * data.length;
    for (let p = 0; p < data.length; p += channels)
      for (let c = 0; c < channels; c++)
        all.data[offset + p + c] = data[p + c]! * scale[c]! - shift[c]!;
  });
  return all;
}
