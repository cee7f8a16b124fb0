import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError, type Preprocessing } from '@kcr/core';
import { isImage, readSource, resizedSource } from '@kcr/data';
import type { PageImage } from '@kcr/page';
import { encode } from 'fast-png';

/** Images of a page, at most, and bytes of them. */
const [MOST, MOST_BYTES] = [12, 8e6];

/** An image of a page with its file. */
export interface ResizedImage {
  readonly image: PageImage;
  readonly bytes: Uint8Array;
}

interface Found {
  readonly path: string;
  readonly name: string;
  readonly label?: string;
}

const imagesOf = async (folder: string, label?: string): Promise<Found[]> =>
  (await readdir(folder))
    .filter(isImage)
    .sort()
    .map((name) => ({ path: join(folder, name), name, label }));

/** Some of several lists, the first of each, then the second of each, in the order of the lists. */
function someOf<T>(lists: readonly (readonly T[])[], count: number): T[] {
  const longest = Math.max(...lists.map(({ length }) => length), 0);
  const turns = Array.from({ length: longest }, (_, n) =>
    lists.flatMap((list) => list.slice(n, n + 1)),
  );
  const chosen = new Set(turns.flat().slice(0, count));
  return lists.flat().filter((item) => chosen.has(item));
}

/** Parts of a folder of data that may have the images; of several the one that models were not trained on. */
const PARTS = ['.', 'test', 'val', 'train'];

/** The images of a folder, and of those in it, each in a list of its own. */
async function listsIn(folder: string, classes: readonly string[]): Promise<Found[][]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return [];
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const labelled = folders
    .sort()
    .map((name) => imagesOf(join(folder, name), classes.includes(name) ? name : undefined));
  return Promise.all([imagesOf(folder), ...labelled]);
}

/**
 * Some images of a folder for a page, resized as the model's input needs them, so that they are small and become the same input:
 * of folders named after classes some of each, labelled; else the first ones. Where it has parts such as `test` they are of one.
 *
 * @throws KcrError `PREDICT_INPUT` where there are none, `IMAGE_READ`
 */
export async function pageImages(
  folder: string,
  input: Preprocessing,
  classes: readonly string[],
): Promise<ResizedImage[]> {
  const resized: ResizedImage[] = [];
  let total = 0;
  for (const { path, name, label } of await someIn(folder, classes)) {
    const { data, shape } = resizedSource(await readSource(path, input), input);
    const [height, width, channels] = shape;
    const bytes = encode({ data, height, width, channels, depth: 8 });
    total += bytes.length;
    if (resized.length > 0 && total > MOST_BYTES) break;
    resized.push({ image: { file: `images/${resized.length}.png`, name, label }, bytes });
  }
  return resized;
}

/** @throws KcrError `PREDICT_INPUT` */
async function someIn(folder: string, classes: readonly string[]): Promise<Found[]> {
  for (const part of PARTS) {
    const found = someOf(await listsIn(join(folder, part), classes), MOST);
    if (found.length > 0) return found;
  }
  throw new KcrError('PREDICT_INPUT', {
    where: folder,
    found: 'no images in it or its folders',
    fix: 'Give a folder with JPEG, PNG or other image files, or with folders of them named after classes',
  });
}
