import { type Generator, KcrError } from '@kcr/core';
import { classFolders, listImages } from './class-folders.ts';
import { filesDigest } from './file-digests.ts';
import { decodeImage, type Pixels } from './image.ts';
import type { ImageSource } from './image-source.ts';
import { type ResizedCropOptions, randomRegion } from './random-region.ts';

export interface ImageFolderOptions {
  /** Side of the square images that it gives. */
  size: number;
  channels?: 1 | 3;
  /** As in {@link decodeImage}. Default 1. */
  cropRatio?: number;
  /** Training images are cut at random from the original. */
  resizedCrop?: ResizedCropOptions;
  /** Decoded images are kept in memory up to this many bytes. Default 1 GiB. */
  cacheBytes?: number;
  /** Class names in the order of the labels; the folder's must be among them. Default: sorted. */
  classes?: readonly string[];
}

/**
 * A folder with one folder of images per class.
 *
 * @throws KcrError `FOLDER_READ`, `FOLDER_CLASSES`, and `IMAGE_READ` when an image is read
 */
export async function imageFolder(root: string, options: ImageFolderOptions): Promise<ImageSource> {
  const { size, channels = 3, cropRatio, resizedCrop } = options;
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
  const { paths, labels } = await listImages(root, found, classes);
  const remember = paths.length * size * size * channels <= (options.cacheBytes ?? 2 ** 30);
  const cache = new Map<number, Pixels>();

  const pixels = async (i: number, augment?: Generator): Promise<Pixels> => {
    if (augment && resizedCrop)
      return decodeImage(paths[i]!, {
        size,
        channels,
        region: (width, height) => randomRegion(width, height, augment, resizedCrop),
      });
    const known = cache.get(i);
    if (known) return known;
    const image = await decodeImage(paths[i]!, { size, channels, cropRatio });
    if (remember) cache.set(i, image);
    return image;
  };
  return {
    labels: Int32Array.from(labels),
    classes,
    shape: [size, size, channels],
    identity: async () => ({ files: await filesDigest(root, paths), resizedCrop }),
    framing: { interpolation: 'bicubic', crop_mode: 'center', crop_pct: cropRatio ?? 1 },
    pixels,
  };
}
