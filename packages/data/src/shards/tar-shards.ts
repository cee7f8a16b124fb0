import { type FramedImageOptions, framedImages } from '../framed-images.ts';
import type { ImageSource } from '../image-source.ts';
import { Refusals } from '../invalid.ts';
import { shardFiles } from './shard-files.ts';

/**
 * Images in tar files of WebDataset's layout (`KEY.jpg`, and `KEY.cls` or `label` in `KEY.json`; or class folders), read where
 * they lie, in any order. Where each lies is found once and kept beside the files or in the user's cache.
 *
 * @param root a folder of tar files, in the order of their names, or one tar file
 * @throws KcrError `OPTION`, `TAR_FORMAT`, `DATASET_EMPTY`, `DATASET_CLASSES`; with `error` also `TAR_LABEL`, and `IMAGE_READ`
 *   when an image is read
 */
export async function tarShards(root: string, options: FramedImageOptions): Promise<ImageSource> {
  const { classes, invalid = 'error' } = options;
  const files = await shardFiles(root, { classes, invalid });
  const refusals = new Refusals(invalid);
  for (const [code, n] of Object.entries(files.skipped)) refusals.count(code, n);
  return framedImages(files, options, refusals);
}
