import type { Dataset, Generator, LabelledBatch, Normalization } from '@kcr/core';
import type { Augment } from './augment.ts';
import type { Pixels } from './image.ts';
import { type MixOptions, mix } from './mix.ts';

/** Where images come from. */
export interface ImageSource {
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  readonly shape: readonly [number, number, number];
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

/** A data set of normalised images: (pixel / 255 - mean) / std. */
export function imageDataset(source: ImageSource, options: ImageDatasetOptions): Dataset {
  const { labels, classes, shape } = source;
  const [height, width, channels] = shape;
  const size = height * width * channels;
  const { mean, std } = options.normalization;
  const scale = Array.from({ length: channels }, (_, c) => 1 / (255 * std[c % std.length]!));
  const shift = Array.from(
    { length: channels },
    (_, c) => mean[c % mean.length]! / std[c % std.length]!,
  );

  const load = async (i: number, generator?: Generator): Promise<Pixels> => {
    const image = await source.pixels(i, generator);
    if (!generator) return image;
    return (options.augment ?? []).reduce((changed, augment) => augment(changed, generator), image);
  };

  return {
    length: labels.length,
    labels,
    classes,
    shape,
    async batch(indices, augment) {
      const image = new Float32Array(indices.length * size);
      // Every image has a stream of its own, so that the order of decoding does not matter.
      const images = await Promise.all(
        Array.from(streamNames(indices), (name, n) => load(indices[n]!, augment?.fork(name))),
      );
      images.forEach(({ data }, n) => {
        const offset = n * size;
        for (let p = 0; p < size; p += channels)
          for (let c = 0; c < channels; c++)
            image[offset + p + c] = data[p + c]! * scale[c]! - shift[c]!;
      });
      const batch: LabelledBatch = {
        image: { dtype: 'float32', shape: [indices.length, ...shape], data: image },
        label: {
          dtype: 'int32',
          shape: [indices.length],
          data: Int32Array.from(indices, (i) => labels[i]!),
        },
      };
      return options.mix && augment
        ? mix(batch, classes.length, options.mix, augment.fork('mix'))
        : batch;
    },
  };
}

/** A name for each image of a batch: its index, and which repetition of it this is from the second on. */
function streamNames(indices: Int32Array): string[] {
  const seen = new Map<number, number>();
  return Array.from(indices, (i) => {
    const repetition = seen.get(i) ?? 0;
    seen.set(i, repetition + 1);
    return repetition === 0 ? String(i) : `${i}:${repetition}`;
  });
}
