import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { type Refusals, SKIP } from './invalid.ts';
import { isForeignImage, isImage } from './is-image.ts';

const readError = (where: string, cause: unknown, fix = 'Check the path') =>
  new KcrError('FOLDER_READ', {
    where,
    found: (cause as Error).message,
    fix,
    cause,
  });

/** Compares texts by the numbers of their characters, as Python sorts them. */
const byCharacter = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/** What operating systems and notebooks leave in folders. */
const isRubbish = (name: string): boolean => name.startsWith('.') || name === '__MACOSX';

/** What is in a folder and not hidden, sorted. @throws KcrError `FOLDER_READ` */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter(({ name }) => !isRubbish(name))
      .sort((a, b) => byCharacter(a.name, b.name));
  } catch (cause) {
    throw readError(folder, cause);
  }
}

/** Whether an entry is a folder, or a link to one. @throws KcrError `FOLDER_READ` for a link to nothing */
async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw readError(path, cause, `Mend the link, take it out, or ${SKIP}`);
  }
}

/**
 * The folders within one, and links to folders, sorted as torchvision's ImageFolder sorts them. Hidden ones and `__MACOSX`,
 * which it would take for classes, are passed over.
 *
 * @throws KcrError `FOLDER_READ`
 */
export async function classFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(root))
    if (await isFolder(entry, join(root, entry.name))) found.push(entry.name);
  return found;
}

/** A folder's own images, by name. */
type ImagesOf = readonly [folder: string, images: readonly string[]];

/** The images of a folder and of the folders within it, by folder. */
async function imagesIn(
  folder: string,
  refusals: Refusals,
  above: readonly string[] = [],
): Promise<ImagesOf[]> {
  const own = await realpath(folder);
  // A link to a folder that it lies in.
  if (above.includes(own)) return [];
  const images: string[] = [];
  const folders: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    await refusals.attempt(async () => {
      if (await isFolder(entry, path)) folders.push(path);
      else if (isImage(entry.name)) images.push(path);
      else if (isForeignImage(entry.name))
        throw new KcrError('IMAGE_READ', {
          where: path,
          found: 'an image of a format that is not read',
          fix: `Save it as PNG, JPEG, WebP, TIFF or GIF, or ${SKIP}`,
        });
    });
  }
  const found: ImagesOf[] = [[folder, images]];
  for (const path of folders) found.push(...(await imagesIn(path, refusals, [...above, own])));
  return found;
}

/**
 * The images of class folders and of the folders within them, in the order of the class folders, of the folders within
 * and of the names, and the label of each. As in torchvision's ImageFolder links are followed, and a class without images is an error.
 *
 * @param classes names of the labels; those of `found` are among them
 * @param refusals of what cannot be used: links to nothing, formats that are not read (`IMAGE_READ`), and classes without images
 * @throws KcrError `FOLDER_READ`; `FOLDER_CLASSES` where there is no image at all, and for a class without any
 */
export async function listImages(
  root: string,
  found: readonly string[],
  classes: readonly string[],
  refusals: Refusals,
) {
  const paths: string[] = [];
  const labels: number[] = [];
  for (const name of found) {
    const folders = await imagesIn(join(root, name), refusals);
    const own = folders.sort(([a], [b]) => byCharacter(a, b)).flatMap(([, images]) => images);
    if (own.length === 0)
      refusals.refuse('FOLDER_CLASSES', join(root, name), 'a class folder without images');
    const label = classes.indexOf(name);
    for (const path of own) {
      paths.push(path);
      labels.push(label);
    }
  }
  if (paths.length === 0)
    throw new KcrError('FOLDER_CLASSES', {
      where: root,
      found: 'class folders without images',
      fix: 'Put JPEG or PNG files into the class folders',
    });
  return { paths, labels };
}
