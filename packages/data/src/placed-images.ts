import type { Generator, NdArray, Normalization, Preprocessing } from '@kcr/core';
import type { Augment } from './augment.ts';
import { augmented } from './augmented.ts';
import { checkChanges } from './define-image-change.ts';
import type { Extent } from './extent.ts';
import type { Pixels } from './image.ts';
import { fillOf, normalised } from './normalised.ts';
import type { Place } from './read-framed.ts';
import { viewImage } from './view-pixels.ts';
import { batchLoader } from './workers/batch-loader.ts';

interface PlacedImagesOptions {
  /** Images whose files worker threads can read, where it says them. */
  readonly source: { file?(i: number): Extent; pixels(i: number): Promise<Pixels> };
  /** Images of the data set. */
  readonly length: number;
  readonly input: Preprocessing;
  /** [height, width, channels] of the input. */
  readonly shape: readonly [number, number, number];
  /** Changes of training images that move no pixel. */
  readonly augment: readonly Augment[];
  readonly normalization: Normalization;
  /** As of `ImageDatasetOptions`. */
  readonly workers?: number;
}

/** Normalised images of a batch as they lie on the input, float32 [n, height, width, channels]. */
export type PlacedImages = (
  indices: Int32Array,
  places: readonly Place[],
  /** Random numbers of each image, from where its view was drawn. */
  random?: readonly Generator[],
) => Promise<NdArray>;

/**
 * Makes images whose views are chosen: in worker threads, or in this one where there are few or the source does not say its files.
 * They are the same.
 *
 * @throws KcrError `OPTION`, `EXTENSION_CONTRACT`
 */
export function placedImages({ source, input, ...options }: PlacedImagesOptions): PlacedImages {
  const { augment, normalization } = options;
  checkChanges(augment);
  const loader = batchLoader({
    ...options,
    source: source.file && {
      reading: { input },
      file: (i) => source.file!(i),
      known: () => undefined,
      keeps: () => false,
      remember: () => {},
    },
  });
  if (loader) return (indices, places, random) => loader.load(indices, random, places);
  const make = async (i: number, { view }: Place, generator?: Generator) => {
    const image = viewImage(await source.pixels(i), view, fillOf(input), input.interpolation);
    return generator ? augmented(image, augment, generator) : image;
  };
  return async (indices, places, random) => {
    const made = Array.from(indices, (i, n) => make(i, places[n]!, random?.[n]));
    return normalised(await Promise.all(made), normalization);
  };
}
