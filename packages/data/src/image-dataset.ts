import {
  type Dataset,
  type Generator,
  int32,
  type LabelledBatch,
  type Normalization,
  plainPreprocessing,
} from '@kcr/core';
import type { Augment } from './augment.ts';
import { augmented } from './augmented.ts';
import { checkChanges } from './define-image-change.ts';
import { descriptionOf } from './described.ts';
import type { Pixels } from './image.ts';
import type { ImageSource } from './image-source.ts';
import { loadEach } from './load-each.ts';
import { type MixOptions, mix } from './mix.ts';
import { normalised } from './normalised.ts';
import { once } from './once.ts';
import { streamsOf } from './stream-names.ts';
import { batchLoader } from './workers/batch-loader.ts';

export interface ImageDatasetOptions {
  normalization: Normalization;
  /** Changes of training images, in order. */
  augment?: readonly Augment[];
  /** Mixing of a training batch's images with each other. */
  mix?: MixOptions;
  /**
   * Threads that decode and change images; 0: the main thread. Default: the environment's `KCR_WORKERS`, or one less than there are
   * cores, at most 8. The images are the same with any number.
   */
  workers?: number;
}

/** A data set of {@link normalised} images. @throws KcrError `OPTION`, `EXTENSION_CONTRACT` */
export function imageDataset(source: ImageSource, options: ImageDatasetOptions): Dataset {
  const { labels, classes, shape } = source;

  const load = async (i: number, generator?: Generator): Promise<Pixels> => {
    const image = await source.pixels(i, generator);
    return generator ? augmented(image, options.augment ?? [], generator) : image;
  };

  const { normalization, augment: changes = [], workers } = options;
  checkChanges(changes);
  const loader = batchLoader({
    source: source.files,
    length: labels.length,
    shape,
    augment: changes,
    normalization,
    workers,
  });

  return {
    length: labels.length,
    labels,
    classes,
    shape,
    input: { ...plainPreprocessing(shape), ...source.framing, ...options.normalization },
    identity: once(async () => ({
      ...(await source.identity?.()),
      augment: options.augment?.map(descriptionOf),
      mix: options.mix,
    })),
    async batch(indices, augment) {
      const image = loader
        ? await loader.load(indices, augment && streamsOf(indices, augment))
        : normalised(await loadEach(indices, augment, load), options.normalization);
      const batch: LabelledBatch = {
        image,
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
