import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { KcrError } from '@kcr/core';
import { filesDigest } from './file-digests.ts';
import { imageSize } from './image.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';
import { isImage } from './is-image.ts';
import type { Size } from './view.ts';

/** An image and the PNG that says something of each of its pixels. */
export interface ImagePair extends Size {
  readonly name: string;
  readonly image: string;
  readonly labels: string;
}

export interface PairedFolders {
  readonly pairs: readonly ImagePair[];
  /** Images left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

async function filesOf(folder: string): Promise<Map<string, string>> {
  try {
    const files = (await readdir(folder)).filter(isImage).sort();
    return new Map(files.map((file) => [parse(file).name, join(folder, file)]));
  } catch (cause) {
    throw new KcrError('FOLDER_READ', {
      where: folder,
      found: (cause as Error).message,
      fix: 'Pass a folder with `images` and `labels`, or name them',
      cause,
    });
  }
}

/**
 * Images and label maps of two folders, matched by name.
 *
 * @param policy for images without labels or of another size than theirs: an error, or left out and counted
 * @throws KcrError `FOLDER_READ`, `FOLDER_EMPTY`; with `error` also `LABEL_MAP_MISSING`, `LABEL_MAP_SIZE`
 */
export async function pairFolders(
  images: string,
  labels: string,
  policy: InvalidPolicy = 'error',
): Promise<PairedFolders> {
  const [found, maps] = await Promise.all([filesOf(images), filesOf(labels)]);
  const refusals = new Refusals(policy);
  const pairs: ImagePair[] = [];
  for (const [name, image] of found) {
    const map = maps.get(name);
    if (!map) {
      refusals.refuse('LABEL_MAP_MISSING', image, `no ${name}.png in ${labels}`);
      continue;
    }
    const [size, own] = await Promise.all([imageSize(image), imageSize(map)]);
    if (size.height === own.height && size.width === own.width)
      pairs.push({ name, image, labels: map, ...size });
    else
      refusals.refuse(
        'LABEL_MAP_SIZE',
        map,
        `${own.width} x ${own.height} pixels for an image of ${size.width} x ${size.height}`,
      );
  }
  if (pairs.length === 0)
    throw new KcrError('FOLDER_EMPTY', {
      where: images,
      found: `no image with labels in ${labels}`,
      fix: 'Put images into the one folder and PNGs of the same names into the other',
    });
  return { pairs, skipped: refusals.skipped };
}

/** What pairs are known by: the images' and the label maps' names and contents. */
export async function pairsIdentity(images: string, labels: string, pairs: readonly ImagePair[]) {
  const paths = (part: 'image' | 'labels') => pairs.map((pair) => pair[part]);
  return {
    files: await filesDigest(images, paths('image')),
    maps: await filesDigest(labels, paths('labels')),
  };
}
