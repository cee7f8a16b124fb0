import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import type { KnownClasses } from '@kcr/core/internal';
import { classFolders, listImages } from './class-folders.ts';
import { classNames } from './class-names.ts';
import { filesDigest } from './file-digests.ts';
import { type FramedImageOptions, framedImages } from './framed-images.ts';
import type { ImageSource } from './image-source.ts';
import { Refusals } from './invalid.ts';

/** How the images of a folder are read. */
export type ImageFolderOptions = FramedImageOptions;

/** The classes that a folder is read for. @param found names of its folders @throws KcrError `FOLDER_CLASSES` */
function classesOf(root: string, found: readonly string[], given?: KnownClasses) {
  if (found.length === 0)
    throw new KcrError('FOLDER_CLASSES', {
      where: root,
      found: 'no class folders',
      fix:
        typeof given === 'object'
          ? `Use one folder per class, named ${given.slice(0, 5).join(', ')}`
          : 'Pass a folder that has one folder of images per class',
    });
  const classes = classNames(found, given, { code: 'FOLDER_CLASSES', where: root });
  const twice = found.find((name) => classes.indexOf(name) !== classes.lastIndexOf(name));
  if (twice !== undefined)
    throw new KcrError('FOLDER_CLASSES', {
      where: join(root, twice),
      found: `the name of two classes, ${classes.indexOf(twice)} and ${classes.lastIndexOf(twice)}`,
      fix: 'Give each class a name of its own',
    });
  return classes;
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
  const classes = classesOf(root, found, options.classes);
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
