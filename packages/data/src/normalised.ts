import { KcrError, type NdArray, type Normalization, sizeOf } from '@kcr/core/ground';
import type { Pixels } from './image.ts';
import { roundHalfEven } from './round-half-even.ts';

/** The pixel value of each channel that normalisation makes 0. */
export const fillOf = ({ mean }: Normalization): number[] =>
  mean.map((x) => roundHalfEven(255 * x));

/** The tables by which values are normalised, one for each channel: (value / 255 - mean) / std, float32. */
export const normalisingTables = ({ mean, std }: Normalization, channels: number): Float32Array[] =>
  Array.from({ length: channels }, (_, c) => {
    const scale = 1 / (255 * std[c % std.length]!);
    const shift = mean[c % mean.length]! / std[c % std.length]!;
    return Float32Array.from({ length: 256 }, (_, value) => value * scale - shift);
  });

/**
 * Writes an image's values by the table of each channel.
 *
 * @param to as long as the image should be
 * @throws KcrError `DATASET_SHAPE` where it is not
 */
export function normalise(
  { data }: Pixels,
  tables: readonly Float32Array[],
  to: Float32Array,
): void {
  if (data.length !== to.length)
    throw new KcrError('DATASET_SHAPE', {
      where: 'an image that was read and changed',
      found: `${data.length} values instead of ${to.length}`,
      fix: 'Let changes of images (`augment`) keep their shape',
    });
  const channels = tables.length;
  const [red, green, blue] = tables;
  if (channels === 3 && red && green && blue) {
    // One pass: where memory is slow, three take twice the time.
    for (let i = 0; i < data.length; i += 3) {
      to[i] = red[data[i]!]!;
      to[i + 1] = green[data[i + 1]!]!;
      to[i + 2] = blue[data[i + 2]!]!;
    }
    return;
  }
  tables.forEach((table, c) => {
    for (let i = c; i < data.length; i += channels) to[i] = table[data[i]!]!;
  });
}

/** Images of one shape as a model takes them: (pixel / 255 - mean) / std, float32 [n, height, width, channels]. */
export function normalised(images: readonly Pixels[], normalization: Normalization): NdArray {
  const shape = images[0]?.shape ?? [0, 0, normalization.mean.length];
  const tables = normalisingTables(normalization, shape[2]);
  const all = new Float32Array(images.length * sizeOf(shape));
  let at = 0;
  for (const image of images) {
    normalise(image, tables, all.subarray(at, at + image.data.length));
    at += image.data.length;
  }
  return { dtype: 'float32', shape: [images.length, ...shape], data: all };
}
