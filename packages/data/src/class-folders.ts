import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { isImage } from './is-image.ts';

/** The folders within one, sorted; hidden ones are passed over. @throws KcrError `FOLDER_READ` */
export async function classFolders(root: string): Promise<string[]> {
  try {
    const entries = await readdir(root, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map((entry) => entry.name)
      .sort();
  } catch (cause) {
    throw new KcrError('FOLDER_READ', {
      where: root,
      found: (cause as Error).message,
      fix: 'Check the path',
      cause,
    });
  }
}

/**
 * The images of class folders, in the order of the folders and of the names, and the label of each.
 *
 * @param classes names of the labels; those of `found` are among them
 * @throws KcrError `FOLDER_CLASSES` where there is no image
 */
export async function listImages(
  root: string,
  found: readonly string[],
  classes: readonly string[],
) {
  const paths: string[] = [];
  const labels: number[] = [];
  for (const name of found) {
    const files = (await readdir(join(root, name))).filter(isImage).sort();
    for (const file of files) {
      paths.push(join(root, name, file));
      labels.push(classes.indexOf(name));
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
