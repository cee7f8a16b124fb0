import { join } from 'node:path';
import { KcrError, type Preprocessing, plainPreprocessing } from '@kcr/core';
import { classFolders, listImages } from './class-folders.ts';
import { filesDigest } from './file-digests.ts';
import type { Pixels } from './image.ts';
import type { ImageSource } from './image-source.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';
import { modelInput, readSource } from './model-input.ts';
import { type ResizedCropOptions, randomRegion, toPixels } from './random-region.ts';
import { readable } from './readable.ts';
import { resample } from './resample.ts';

export interface ImageFolderOptions {
  /** Side of the square images that it gives. */
  size: number;
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
  /** Class names in the order of the labels; the folder's must be among them. Default: sorted. */
  classes?: readonly string[];
  /**
   * Images that cannot be read, links to nothing, and class folders without images: an error, or left out and counted; then
   * each image is decoded once to begin with. Default `error`.
   */
  invalid?: InvalidPolicy;
}

/** How the images of a folder become inputs. @throws KcrError `OPTION` */
function folderInput({ size, channels = 3, ...options }: ImageFolderOptions): Preprocessing {
  const { cropRatio = 1, cropMode = 'center', interpolation = 'bicubic' } = options;
  if (!(cropRatio > 0 && cropRatio <= 1))
    throw new KcrError('OPTION', {
      where: 'cropRatio',
      found: String(cropRatio),
      fix: 'Give a share of the resized image, above 0, at most 1',
    });
  return {
    ...plainPreprocessing([size, size, channels]),
    mean: options.mean ?? Array<number>(channels).fill(0),
    interpolation,
    crop_mode: cropMode,
    crop_pct: cropRatio,
    ...(options.resize && { resize: options.resize }),
  };
}

/** Checks that the folders that were found are among the classes, each once. @throws KcrError `FOLDER_CLASSES` */
function checkClasses(root: string, found: readonly string[], given?: readonly string[]): void {
  const classes = given ?? found;
  const unknown = found.filter((name) => !classes.includes(name));
  const some = `${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ', ...' : ''}`;
  if (found.length === 0 || unknown.length > 0)
    throw new KcrError('FOLDER_CLASSES', {
      where: root,
      found: found.length === 0 ? 'no class folders' : `unknown classes ${unknown.join(', ')}`,
      fix: given
        ? `Use one folder per class, named ${some}`
        : 'Pass a folder that has one folder of images per class',
    });
  const twice = found.find((name) => classes.indexOf(name) !== classes.lastIndexOf(name));
  if (twice !== undefined)
    throw new KcrError('FOLDER_CLASSES', {
      where: join(root, twice),
      found: `the name of two classes, ${classes.indexOf(twice)} and ${classes.lastIndexOf(twice)}`,
      fix: 'Give each class a name of its own',
    });
}

/** Reads images as inputs, and keeps those that it has read where there is memory for all. */
function inputReader(input: Preprocessing, remember: boolean): (path: string) => Promise<Pixels> {
  const cache = new Map<string, Pixels>();
  return async (path) => {
    const known = cache.get(path);
    if (known) return known;
    const image = modelInput(await readSource(path, input), input);
    if (remember) cache.set(path, image);
    return image;
  };
}

/**
 * A folder with one folder of images per class, as torchvision's ImageFolder reads it: links are followed, folders within
 * class folders are read, names are sorted by the numbers of their characters. In this ours differs: hidden files and
 * folders and `__MACOSX` are passed over; GIF files are read; BMP, PPM and PGM files are refused.
 *
 * @throws KcrError `OPTION`, `FOLDER_READ`, `FOLDER_CLASSES`, `DATASET_EMPTY`; with `error` also `IMAGE_READ`, when an image is read
 */
export async function imageFolder(root: string, options: ImageFolderOptions): Promise<ImageSource> {
  const { size, channels = 3, resizedCrop, cacheBytes = 2 ** 30 } = options;
  const input = folderInput(options);
  const found = await classFolders(root);
  checkClasses(root, found, options.classes);
  const classes = options.classes ?? found;
  const refusals = new Refusals(options.invalid ?? 'error');
  const { paths, labels } = await listImages(root, found, classes, refusals);
  const plain = inputReader(input, paths.length * size * size * channels <= cacheBytes);
  const all = paths.map((path, i) => ({ path, label: labels[i]! }));
  const images = await readable(all, refusals, ({ path }) => plain(path));
  if (images.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: root,
      found: `none of ${all.length} images can be read`,
      fix: 'Put JPEG or PNG files into the class folders',
    });
  const { interpolation, crop_mode, crop_pct, resize } = input;

  return {
    labels: Int32Array.from(images, ({ label }) => label),
    classes,
    shape: [size, size, channels],
    identity: async () => ({
      files: await filesDigest(
        root,
        images.map(({ path }) => path),
      ),
      resizedCrop,
    }),
    framing: { interpolation, crop_mode, crop_pct, ...(resize && { resize }) },
    skipped: refusals.skipped,
    async pixels(i, augment) {
      const { path } = images[i]!;
      if (!augment || !resizedCrop) return plain(path);
      const image = await readSource(path, input);
      const [height, width] = image.shape;
      const region = randomRegion(width, height, augment, resizedCrop);
      const from = toPixels(region, { height, width });
      return resample(image, { height: size, width: size }, { interpolation, from });
    },
  };
}
