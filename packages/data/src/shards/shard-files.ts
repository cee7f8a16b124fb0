import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KcrError } from '@kcr/core';
import { type KnownClasses, readJson } from '@kcr/core/internal';
import { classLabels, type RawLabels } from '../class-labels.ts';
import { filesDigest } from '../file-digests.ts';
import type { InvalidPolicy } from '../invalid.ts';
import type { LabelledFiles } from '../labelled-files.ts';
import { nameOf, type ShardIndex, shardIndex } from './shard-index.ts';
import { tarError } from './tar-file.ts';

/** File beside tar files with the names of the classes, as a list. */
export const CLASSES_FILE = 'classes.json';

/** The tar files of a folder, sorted by name, or the only one. @throws KcrError `TAR_FORMAT`, `DATASET_EMPTY` */
export async function tarPaths(root: string): Promise<string[]> {
  const found = await stat(root).catch((cause: Error) => {
    throw tarError(root, cause.message);
  });
  if (!found.isDirectory()) return [root];
  const names = (await readdir(root)).filter((name) => /^[^.].*\.tar$/.test(name));
  if (names.length === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: root,
      found: 'no tar file',
      fix: 'Write some (`kcr shard`), or name the folder that they are in',
    });
  return names
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(root, name));
}

/** Names of the classes whose numbers the labels are, if they lie beside the tar files. @throws KcrError `TAR_FORMAT` */
async function namedClasses(root: string, labels: RawLabels): Promise<RawLabels> {
  if (labels.names) return labels;
  const path = join(root, CLASSES_FILE);
  const found = await stat(path).catch(() => undefined);
  if (!found) return labels;
  const refusal = { code: 'TAR_FORMAT', fix: 'Give the names of the classes as a list' } as const;
  const names = await readJson(path, refusal);
  if (
    Array.isArray(names) &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length
  )
    return { ...labels, names };
  throw new KcrError(refusal.code, {
    where: path,
    found: 'no list of different names',
    fix: refusal.fix,
  });
}

/**
 * The images of tar files, read where they lie.
 *
 * @param root a folder of tar files, with {@link CLASSES_FILE} where labels are numbers, or one tar file
 * @param classes names of the classes, or how many there are. Default: what lies beside the files, or the labels
 * @throws KcrError `TAR_FORMAT`, `DATASET_EMPTY`, `DATASET_CLASSES`; `TAR_LABEL`, `IMAGE_READ` unless such images are skipped
 */
export async function shardFiles(
  root: string,
  { classes: given, invalid }: { classes?: KnownClasses; invalid: InvalidPolicy },
): Promise<LabelledFiles & Pick<ShardIndex, 'skipped'>> {
  const paths = await tarPaths(root);
  const index = await shardIndex(root, paths, invalid);
  const { labels, classes } = classLabels(await namedClasses(root, index), given, root);
  return {
    labels,
    classes,
    where: root,
    skipped: index.skipped,
    file: (i) => ({
      path: paths[index.shard[i]!]!,
      part: { offset: 512 * index.block[i]!, length: index.size[i]! },
      name: nameOf(index, i),
    }),
    identity: async () => ({ files: await filesDigest(root, paths) }),
  };
}
