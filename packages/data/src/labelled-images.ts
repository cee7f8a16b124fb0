import { readdir, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { classFolders } from './class-folders.ts';
import { csvFiles, type LabelledColumns } from './csv-files.ts';
import { type FramedImageOptions, framedImages } from './framed-images.ts';
import { imageFolder } from './image-folder.ts';
import type { ImageSource } from './image-source.ts';
import { Refusals } from './invalid.ts';
import { parquetFiles } from './parquet/parquet-files.ts';
import { tarShards } from './shards/tar-shards.ts';

export interface LabelledImageOptions extends FramedImageOptions {
  /** Of CSV and Parquet files: the columns of the image and of its class. Default: those of usual names. */
  columns?: LabelledColumns;
}

/** What images with a class each can be kept as. */
type Layout = 'folder' | 'tar' | 'csv' | 'parquet';

/** How images are kept at a path: by the ending of a file, or by what lies in a folder. */
async function layoutOf(path: string): Promise<Layout> {
  if (/\.tar$/i.test(path)) return 'tar';
  if (/\.(csv|tsv)$/i.test(path)) return 'csv';
  if (/\.parquet$/i.test(path) || basename(path).includes('*')) return 'parquet';
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory() || (await classFolders(path)).length > 0) return 'folder';
  const names = await readdir(path);
  const has = (ending: string) =>
    names.some((name) => name.endsWith(ending) && !name.startsWith('.'));
  if (has('.tar')) return 'tar';
  return has('.parquet') ? 'parquet' : 'folder';
}

/**
 * Images with a class each, however they are kept: class folders ({@link imageFolder}); a tar file or a folder of some
 * ({@link tarShards}); a CSV file with a path and a class in each line, paths relative to its folder; Parquet files as
 * Hugging Face has them: one, a folder of some, or a pattern (`data/train-*.parquet`).
 *
 * @throws KcrError `OPTION`, `DATASET_EMPTY`, `DATASET_CLASSES`, and those of the layout: `FOLDER_*`, `TAR_*`, `CSV_*`,
 *   `PARQUET_FORMAT`; with `error` also `IMAGE_READ`, when an image is read
 */
export async function labelledImages(
  path: string,
  options: LabelledImageOptions,
): Promise<ImageSource> {
  const refusals = new Refusals(options.invalid ?? 'error');
  switch (await layoutOf(path)) {
    case 'tar':
      return tarShards(path, options);
    case 'csv':
      return framedImages(await csvFiles(path, options), options, refusals);
    case 'parquet':
      return framedImages(await parquetFiles(path, options), options, refusals);
    case 'folder':
      return imageFolder(path, options);
  }
}
