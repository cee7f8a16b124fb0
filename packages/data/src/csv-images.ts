import { KcrError } from '@kcr/core';
import { MOST_CLASSES } from './class-labels.ts';
import { csvLines, imageLines } from './csv-lines.ts';
import type { ImageSource } from './image-source.ts';
import { pixelSource } from './pixel-source.ts';

export interface CsvImagesOptions {
  /** [height, width] of the images. Default 8 x 8, optdigits'. */
  shape?: readonly [number, number];
  /** The value of a white pixel. Default 16, optdigits'. */
  max?: number;
}

/**
 * Grey images from a CSV file: one image a line, its pixels and then its class number. A header line is
 * passed over.
 *
 * @throws KcrError `CSV_READ`, `CSV_FORMAT`, `DATASET_EMPTY`
 */
export async function csvImages(
  path: string,
  options: CsvImagesOptions = {},
): Promise<ImageSource> {
  const { shape: [height, width] = [8, 8], max = 16 } = options;
  const size = height * width;
  const all = await csvLines(path);
  const lines = imageLines(path, all, Number.isNaN(Number(all[0]?.[0])));
  const data = new Uint8Array(lines.length * size);
  const labels = new Int32Array(lines.length);
  lines.forEach((line, i) => {
    // An empty cell is no 0.
    const values = line.map((cell) => (cell === '' ? Number.NaN : Number(cell)));
    const wrong = (place: string, found: string) =>
      new KcrError('CSV_FORMAT', {
        where: `${path}, image ${i + 1}${place}`,
        found,
        fix: `Give ${size} pixels from 0 to ${max} and a class number from 0 to ${MOST_CLASSES - 1}`,
      });
    if (values.length !== size + 1)
      throw wrong('', `${values.length} values instead of ${size + 1}`);
    const label = values[size]!;
    const pixels = values.slice(0, size);
    const fine = (x: number, column: number) =>
      column < size ? x >= 0 && x <= max : Number.isInteger(x) && x >= 0 && x < MOST_CLASSES;
    const column = values.findIndex((x, at) => !fine(x, at));
    if (column >= 0) throw wrong(`, column ${column + 1}`, JSON.stringify(line[column]));
    data.set(
      pixels.map((x) => Math.round((x * 255) / max)),
      i * size,
    );
    labels[i] = label;
  });
  return pixelSource(data, [height, width, 1], labels);
}
