import { readFile } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { parse } from 'csv-parse/sync';

/** The cells of a CSV file's lines; of one that is called `.tsv`, between tabs. @throws KcrError `CSV_READ` */
export async function csvLines(path: string): Promise<string[][]> {
  try {
    const delimiter = path.toLowerCase().endsWith('.tsv') ? '\t' : ',';
    const options = { skip_empty_lines: true, trim: true, bom: true, delimiter };
    return parse(await readFile(path), options);
  } catch (cause) {
    throw new KcrError('CSV_READ', {
      where: path,
      found: (cause as Error).message,
      fix: 'Check the file',
      cause,
    });
  }
}

/** The lines that have an image each. @param header whether the first has none @throws KcrError `DATASET_EMPTY` */
export function imageLines(path: string, lines: string[][], header: boolean): string[][] {
  const images = header ? lines.slice(1) : lines;
  if (images.length > 0) return images;
  throw new KcrError('DATASET_EMPTY', {
    where: path,
    found: 'no image',
    fix: 'Give a line for each image, besides a header',
  });
}
