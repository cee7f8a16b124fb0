import { dirname, resolve } from 'node:path';
import { KcrError } from '@kcr/core';
import type { KnownClasses } from '@kcr/core/internal';
import { classLabels, textLabels } from './class-labels.ts';
import { csvLines, imageLines } from './csv-lines.ts';
import { filesDigest } from './file-digests.ts';
import type { LabelledFiles } from './labelled-files.ts';

/** Which columns say what; by default those of usual names, and without such names the first two. */
export interface LabelledColumns {
  readonly image?: string;
  readonly label?: string;
}

const IMAGE = /^(image|img|file|path|image_?path|file_?path|file_?name|image_?id)$/i;
const LABEL = /^(label|class|target|category|class_?name|label_?name)$/i;

const formatError = (where: string, found: string) =>
  new KcrError('CSV_FORMAT', {
    where,
    found,
    fix: 'Give a line for each image, its path and its class, or name their columns (`columns`)',
  });

/** Where the two columns are, and whether the first line is a header. @throws KcrError `CSV_FORMAT` */
function columnsOf(path: string, first: readonly string[], { image, label }: LabelledColumns) {
  const place = (name: string | undefined, usual: RegExp) =>
    first.findIndex((cell) => (name === undefined ? usual.test(cell) : cell === name));
  const [at, of] = [place(image, IMAGE), place(label, LABEL)];
  if (at >= 0 && of >= 0) return { image: at, label: of, header: true };
  if (image !== undefined || label !== undefined || first.length < 2)
    throw formatError(path, `the columns ${first.slice(0, 10).join(', ')}`);
  return { image: 0, label: 1, header: at >= 0 || of >= 0 };
}

/**
 * The images that a CSV file lists with their classes: paths relative to its folder, and names or numbers of classes.
 *
 * @throws KcrError `CSV_READ`, `CSV_FORMAT`, `DATASET_EMPTY`, `DATASET_CLASSES`
 */
export async function csvFiles(
  path: string,
  options: { classes?: KnownClasses; columns?: LabelledColumns },
): Promise<LabelledFiles> {
  const lines = await csvLines(path);
  const columns = columnsOf(path, lines[0] ?? ['', ''], options.columns ?? {});
  const rows = imageLines(path, lines, columns.header);
  const cells = (column: 'image' | 'label') =>
    rows.map((row, i) => {
      const cell = row[columns[column]];
      if (cell) return cell;
      throw formatError(`${path}, image ${i + 1}`, `no ${column}`);
    });
  const folder = dirname(path);
  const paths = cells('image').map((name) => resolve(folder, name));
  const { labels, classes } = classLabels(textLabels(cells('label'), path), options.classes, path);
  return {
    labels,
    classes,
    where: path,
    file: (i) => ({ path: paths[i]! }),
    identity: async (images) => ({
      files: await filesDigest(
        folder,
        images.map((i) => paths[i]!),
      ),
    }),
  };
}
