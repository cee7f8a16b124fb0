import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { classFolders, listImages } from './class-folders.ts';
import { filesDigest } from './file-digests.ts';
import { type FramedImageOptions, framedImages } from './framed-images.ts';
import type { ImageSource } from './image-source.ts';
import { Refusals } from './invalid.ts';

/** How the images of a folder are read. */
export type ImageFolderOptions = FramedImageOptions;

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

/**
 * A folder with one folder of images per class, as torchvision's ImageFolder reads it: links are followed, folders within
 * class folders are read, names are sorted by the numbers of their characters. In this ours differs: hidden files and
 * folders and `__MACOSX` are passed over; GIF files are read; BMP, PPM and PGM files are refused.
 *
 * @throws KcrError `OPTION`, `FOLDER_READ`, `FOLDER_CLASSES`, `DATASET_EMPTY`; with `error` also `IMAGE_READ`, when an image is read
 */
export async function imageFolder(root: string, options: ImageFolderOptions): Promise<ImageSource> {
  const found = await classFolders(root);
  checkClasses(root, found, options.classes);
  const classes = options.classes ?? found;
  const refusals = new Refusals(options.invalid ?? 'error');
  const { paths, labels } = await listImages(root, found, classes, refusals);
  const files = {
    labels: Int32Array.from(labels),
    classes,
    where: root,
    file: (i: number) => ({ path: paths[i]! }),
    identity: async (images: readonly number[]) => ({
      files: await filesDigest(
        root,
        images.map((i) => paths[i]!),
      ),
    }),
  };
  return framedImages(files, options, refusals);
}
