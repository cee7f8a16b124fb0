import {
  type Dataset,
  float32,
  type Generator,
  int32,
  type LabelledBatch,
  type NdArray,
  type Normalization,
  type Preprocessing,
  plainPreprocessing,
} from '@kcr/core';
import type { Augment } from './augment.ts';
import type { Pixels } from './image.ts';
import { type MixOptions, mix } from './mix.ts';

/** Where images come from. */
export interface ImageSource {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
  /** How images came to that shape. Default: they had it. */
  readonly framing?: Omit<Preprocessing, keyof Normalization | 'input_size'>;
  /** Image i; a source that crops at random while it decodes uses `augment`. */
  pixels(i: number, augment?: Generator): Pixels | Promise<Pixels>;
}

export interface ImageDatasetOptions {
  normalization: Normalization;
  /** Changes of training images, in order. */
  augment?: readonly Augment[];
  /** Mixing of a training batch's images with each other. */
  mix?: MixOptions;
}

/** The pixel value of each channel that normalisation makes 0. */
export const fillOf = ({ mean }: Normalization): number[] => mean.map((x) => Math.round(255 * x));

/** An image after random changes, one after another. */
export const augmented = (
  image: Pixels,
  augment: readonly Augment[],
  generator: Generator,
): Pixels => augment.reduce((changed, change) => change(changed, generator), image);

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

/** A data set of {@link normalised} images. */
export function imageDataset(source: ImageSource, options: ImageDatasetOptions): Dataset {
  const { labels, classes, shape } = source;

  const load = async (i: number, generator?: Generator): Promise<Pixels> => {
    const image = await source.pixels(i, generator);
    return generator ? augmented(image, options.augment ?? [], generator) : image;
  };

  return {
    length: labels.length,
    labels,
    classes,
    shape,
    input: { ...plainPreprocessing(shape), ...source.framing, ...options.normalization },
    async batch(indices, augment) {
      // Every image has a stream of its own, so that the order of decoding does not matter.
      const images = await Promise.all(
        streamNames(indices).map((name, n) => load(indices[n]!, augment?.fork(name))),
      );
      const batch: LabelledBatch = {
        image: normalised(images, options.normalization),
        label: int32(
          [indices.length],
          indices.map((i) => labels[i]!),
        ),
      };
      return options.mix && augment
        ? mix(batch, classes.length, options.mix, augment.fork('mix'))
        : batch;
    },
  };
}

/** A name for each image of a batch: its index, and which repetition of it this is from the second on. */
export function streamNames(indices: Int32Array): string[] {
  const seen = new Map<number, number>();
  return Array.from(indices, (i) => {
    const repetition = seen.get(i) ?? 0;
    seen.set(i, repetition + 1);
    return repetition === 0 ? String(i) : `${i}:${repetition}`;
  });
}
