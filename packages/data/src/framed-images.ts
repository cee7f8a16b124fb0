import { KcrError, type Preprocessing, plainPreprocessing } from '@kcr/core';
import type { KnownClasses } from '@kcr/core/internal';
import type { Pixels } from './image.ts';
import type { ImageSource } from './image-source.ts';
import type { InvalidPolicy, Refusals } from './invalid.ts';
import type { LabelledFiles } from './labelled-files.ts';
import type { ResizedCropOptions } from './random-region.ts';
import { type ImageReading, readFramed } from './read-framed.ts';
import { readable } from './readable.ts';

/** How image files become images of one size. */
export interface FramedImageOptions {
  /** Of the images that it gives, in pixels: the side of squares, or [height, width]. */
  size: number | readonly [height: number, width: number];
  channels?: 1 | 3;
  /** `crop_pct` of {@link Preprocessing}. Default 1. */
  cropRatio?: number;
  /** Default `center`. */
  cropMode?: Preprocessing['crop_mode'];
  /** Of `corner`. Default: as large as fits. */
  resize?: Preprocessing['resize'];
  /** Default `bicubic`. */
  interpolation?: Preprocessing['interpolation'];
  /** Share of white in each channel where a `border` is. Default 0. */
  mean?: readonly number[];
  /** Training images are cut at random from the original. */
  resizedCrop?: ResizedCropOptions;
  /** Decoded images are kept in memory up to this many bytes. Default 1 GiB. */
  cacheBytes?: number;
  /** Class names in the order of the labels, or how many there are; the data's must be among them. Default: the data's. */
  classes?: KnownClasses;
  /**
   * Images that cannot be read, links to nothing, and class folders without images: an error, or left out and counted; then
   * each image is decoded once to begin with. Default `error`.
   */
  invalid?: InvalidPolicy;
}

/** How the images become inputs. @throws KcrError `OPTION` */
function inputOf({ size, channels = 3, ...options }: FramedImageOptions): Preprocessing {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const { cropRatio = 1, cropMode = 'center', interpolation = 'bicubic' } = options;
  if (!(cropRatio > 0 && cropRatio <= 1))
    throw new KcrError('OPTION', {
      where: 'cropRatio',
      found: String(cropRatio),
      fix: 'Give a share of the resized image, above 0, at most 1',
    });
  return {
    ...plainPreprocessing([height, width, channels]),
    mean: options.mean ?? Array<number>(channels).fill(0),
    interpolation,
    crop_mode: cropMode,
    crop_pct: cropRatio,
    ...(options.resize && { resize: options.resize }),
  };
}

/** The files that can be read, by number. @throws KcrError `DATASET_EMPTY` where none can */
async function readableFiles(
  { labels, where }: LabelledFiles,
  refusals: Refusals,
  read: (i: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const all = Array.from(labels, (_, i) => i);
  const fine = await readable(all, refusals, read);
  if (fine.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where,
      found: `none of ${all.length} images can be read`,
      fix: 'Give images as JPEG or PNG files',
    });
  return fine;
}

/**
 * Image files as a source of images of one size.
 *
 * @param refusals what was left out so far; images that cannot be read are added
 * @throws KcrError `OPTION`, `DATASET_EMPTY`; with `error` also `IMAGE_READ`, when an image is read
 */
export async function framedImages(
  files: LabelledFiles,
  options: FramedImageOptions,
  refusals: Refusals,
): Promise<ImageSource> {
  const { resizedCrop, cacheBytes = 2 ** 30 } = options;
  const input = inputOf(options);
  const [channels, height, width] = input.input_size;
  const remember = files.labels.length * height * width * channels <= cacheBytes;
  const known = new Map<number, Pixels>();
  const reading: ImageReading = { input };
  const plain = async (i: number): Promise<Pixels> => {
    const image = known.get(i) ?? (await readFramed(await files.file(i), reading));
    if (remember) known.set(i, image);
    return image;
  };
  const images = await readableFiles(files, refusals, plain);
  const { interpolation, crop_mode, crop_pct, resize } = input;

  return {
    labels: Int32Array.from(images, (i) => files.labels[i]!),
    classes: files.classes,
    shape: [height, width, channels],
    identity: async () => ({ ...(await files.identity(images)), resizedCrop }),
    framing: { interpolation, crop_mode, crop_pct, ...(resize && { resize }) },
    skipped: refusals.skipped,
    files: {
      reading: { input, resizedCrop },
      file: (i) => files.file(images[i]!),
      known: (i, training) => (training && resizedCrop ? undefined : known.get(images[i]!)),
      keeps: (training) => remember && !(training && resizedCrop),
      remember: (i, image) => void known.set(images[i]!, image),
    },
    async pixels(i, augment) {
      const at = images[i]!;
      if (!augment || !resizedCrop) return plain(at);
      return readFramed(await files.file(at), { input, resizedCrop }, augment);
    },
  };
}
