import { readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { KcrError } from '@kcr/core';
import { filesDigest } from './file-digests.ts';
import { imageSize, readImage } from './image.ts';
import { type InvalidPolicy, Refusals } from './invalid.ts';
import { isImage } from './is-image.ts';
import { readLabelMap } from './label-map.ts';
import { readable } from './readable.ts';
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

/** The images of a folder, by name; of files of one name PNGs come last. */
async function filesOf(folder: string): Promise<[name: string, path: string][]> {
  try {
    const files = (await readdir(folder)).filter(isImage).sort();
    const isPng = (file: string) => Number(/\.png$/i.test(file));
    return files
      .map((file): [string, string] => [parse(file).name, file])
      .sort(([a, x], [b, y]) => (a === b ? isPng(x) - isPng(y) : a < b ? -1 : 1))
      .map(([name, file]) => [name, join(folder, file)]);
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
 * @param policy for images without labels or of another size than theirs, or with the name of another: an error, or left
 *   out and counted, and so are files that cannot be read, which otherwise are an error when that is found
 * @throws KcrError `FOLDER_READ`, `FOLDER_EMPTY`; with `error` also `LABEL_MAP_MISSING`, `LABEL_MAP_SIZE`, `FOLDER_DUPLICATE`
 */
export async function pairFolders(
  images: string,
  labels: string,
  policy: InvalidPolicy = 'error',
): Promise<PairedFolders> {
  const [found, own] = await Promise.all([filesOf(images), filesOf(labels)]);
  const maps = new Map(own);
  const refusals = new Refusals(policy);
  const pairs: ImagePair[] = [];
  const matched = found.flatMap(([name, image], i) => {
    const map = maps.get(name);
    if (found[i - 1]?.[0] === name)
      refusals.refuse('FOLDER_DUPLICATE', image, `the name of ${found[i - 1]![1]}`);
    else if (!map) refusals.refuse('LABEL_MAP_MISSING', image, `no ${name}.png in ${labels}`);
    else return [{ name, image, map }];
    return [];
  });
  const whole = await readable(matched, refusals, ({ image, map }) =>
    Promise.all([readImage(image, 3, 'upright'), readLabelMap(map)]),
  );
  for (const { name, image, map } of whole) {
    const [size, own] = await Promise.all([imageSize(image, 'upright'), imageSize(map, 'stored')]);
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
