import { join } from 'node:path';
import { type Generator, KcrError, type Preprocessing, plainPreprocessing } from '@kcr/core';
import { classFolders, listImages } from './class-folders.ts';
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
  cropMode?: Exclude<Preprocessing['crop_mode'], 'corner'>;
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

/**
 * A folder with one folder of images per class, as torchvision's ImageFolder reads it: links are followed, folders within
 * class folders are read, names are sorted by the numbers of their characters. In this ours differs: hidden files and
 * folders and `__MACOSX` are passed over; GIF files are read; BMP, PPM and PGM files are refused.
 *
 * @throws KcrError `OPTION`, `FOLDER_READ`, `FOLDER_CLASSES`, `DATASET_EMPTY`; with `error` also `IMAGE_READ`, when an image is read
 */
export async function imageFolder(root: string, options: ImageFolderOptions): Promise<ImageSource> {
  const { size, channels = 3, resizedCrop, mean = Array<number>(channels).fill(0) } = options;
  const { cropRatio = 1, cropMode = 'center', interpolation = 'bicubic' } = options;
  const { invalid = 'error' } = options;
  if (!(cropRatio > 0 && cropRatio <= 1))
    throw new KcrError('OPTION', {
      where: 'cropRatio',
      found: String(cropRatio),
      fix: 'Give a share of the resized image, above 0, at most 1',
    });
  const framing = { interpolation, crop_mode: cropMode, crop_pct: cropRatio };
  const input: Preprocessing = { ...plainPreprocessing([size, size, channels]), ...framing, mean };
  const found = await classFolders(root);
  const classes = options.classes ?? found;
  const unknown = found.filter((name) => !classes.includes(name));
  if (found.length === 0 || unknown.length > 0)
    throw new KcrError('FOLDER_CLASSES', {
      where: root,
      found: found.length === 0 ? 'no class folders' : `unknown classes ${unknown.join(', ')}`,
      fix: options.classes
        ? `Use one folder per class, named ${classes.slice(0, 5).join(', ')}${classes.length > 5 ? ', ...' : ''}`
        : 'Pass a folder that has one folder of images per class',
    });
  const twice = found.find((name) => classes.indexOf(name) !== classes.lastIndexOf(name));
  if (twice !== undefined)
    throw new KcrError('FOLDER_CLASSES', {
      where: join(root, twice),
      found: `the name of two classes, ${classes.indexOf(twice)} and ${classes.lastIndexOf(twice)}`,
      fix: 'Give each class a name of its own',
    });
  const refusals = new Refusals(invalid);
  const listed = await listImages(root, found, classes, refusals);
  const remember = listed.paths.length * size * size * channels <= (options.cacheBytes ?? 2 ** 30);
  const cache = new Map<string, Pixels>();

  const plain = async (path: string): Promise<Pixels> => {
    const known = cache.get(path);
    if (known) return known;
    const image = modelInput(await readSource(path, input), input);
    if (remember) cache.set(path, image);
    return image;
  };
  const all = listed.paths.map((path, i) => ({ path, label: listed.labels[i]! }));
  const images = await readable(all, refusals, ({ path }) => plain(path));
  if (images.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: root,
      found: 'no image that can be read',
      fix: 'Put JPEG or PNG files into the class folders',
    });

  const pixels = async (i: number, augment?: Generator): Promise<Pixels> => {
    const { path } = images[i]!;
    if (augment && resizedCrop) {
      const image = await readSource(path, input);
      const [height, width] = image.shape;
      const region = randomRegion(width, height, augment, resizedCrop);
      const from = toPixels(region, { height, width });
      return resample(image, { height: size, width: size }, { interpolation, from });
    }
    return plain(path);
  };
  return {
    labels: Int32Array.from(images, ({ label }) => label),
    classes,
    shape: [size, size, channels],
    skipped: refusals.skipped,
    framing,
    pixels,
  };
}
