import { KcrError } from '@kcr/core';
import { readImage } from './image.ts';
import type { InvalidPolicy } from './invalid.ts';
import { readLabelMap } from './label-map.ts';
import { pairFolders, pairsIdentity } from './paired-folders.ts';
import { IGNORED, type SemanticSource } from './semantic-source.ts';

export interface SemanticFolderOptions {
  /** Names of the classes, in the order of the labels; at most 255. */
  classes: readonly string[];
  /** Folder of the images within the root. Default `images`. */
  images?: string;
  /** Folder of PNGs of the same names. Default `labels`. */
  labels?: string;
  /** The label that does not count. Default 255. */
  ignore?: number;
  /** 0 is no class and does not count; the first class is 1 (ADE20K). Default false. */
  reduceZeroLabel?: boolean;
  /** The PNGs number objects: 0 is the first class, all else the second. Default false. */
  instanceIds?: boolean;
  channels?: 1 | 3;
  /** Images without labels, or of another size than theirs. Default `error`. */
  invalid?: InvalidPolicy;
}

/** The class of each label, or -1 for one that is none. */
function classOf(
  label: number,
  { classes, ignore = 255, reduceZeroLabel, instanceIds }: SemanticFolderOptions,
): number {
  if (instanceIds) return label > 0 ? 1 : 0;
  if (label === ignore) return IGNORED;
  const own = reduceZeroLabel ? label - 1 : label;
  if (own < 0) return IGNORED;
  return own < classes.length ? own : -1;
}

/**
 * Images with PNGs of class indices, as ADE20K has them.
 *
 * @throws KcrError `FOLDER_*`, `LABEL_MAP_*`; when an image is read `LABEL_MAP_CLASS` for labels that are no class
 */
export async function semanticFolder(
  root: string,
  options: SemanticFolderOptions,
): Promise<SemanticSource> {
  const { classes, images = 'images', labels = 'labels', channels = 3, invalid } = options;
  const { ignore, reduceZeroLabel, instanceIds } = options;
  const folders = [`${root}/${images}`, `${root}/${labels}`] as const;
  const { pairs, skipped } = await pairFolders(...folders, invalid);
  const table = Int16Array.from({ length: 2 ** 16 }, (_, label) => classOf(label, options));
  return {
    classes,
    channels,
    images: pairs,
    skipped,
    identity: async () => ({
      ...(await pairsIdentity(...folders, pairs)),
      ignore,
      reduceZeroLabel,
      instanceIds,
    }),
    file: (i) => ({ path: pairs[i]!.image }),
    pixels: (i) => readImage(pairs[i]!.image, channels, 'upright'),
    async classMap(i) {
      const { data, height, width } = await readLabelMap(pairs[i]!.labels);
      const wrong = data.find((label) => table[label] === -1);
      if (wrong !== undefined)
        throw new KcrError('LABEL_MAP_CLASS', {
          where: pairs[i]!.labels,
          found: `the label ${wrong} for ${classes.length} classes`,
          fix: 'Name all classes, or set `ignore` or `reduceZeroLabel`',
        });
      return { data: Uint8Array.from(data, (label) => table[label]!), height, width };
    },
  };
}
