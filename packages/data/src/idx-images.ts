import { KcrError } from '@kcr/core';
import { readIdx } from './idx.ts';
import type { ImageSource } from './image-source.ts';
import { pixelSource } from './pixel-source.ts';

/**
 * Grey images and labels from a pair of IDX files.
 *
 * @throws KcrError `IDX_READ`, `IDX_FORMAT`, also for images without pixels; `DATASET_EMPTY`
 */
export async function idxImages(imagesPath: string, labelsPath: string): Promise<ImageSource> {
  const [images, labels] = [await readIdx(imagesPath), await readIdx(labelsPath)];
  const [n, height, width] = images.shape as [number, number, number];
  if (images.shape.length !== 3 || labels.shape.length !== 1 || labels.shape[0] !== n)
    throw new KcrError('IDX_FORMAT', {
      where: `${imagesPath}, ${labelsPath}`,
      found: `images [${images.shape}] and labels [${labels.shape}]`,
      fix: 'Pass [n, height, width] images and [n] labels of the same set',
    });
  if (n === 0)
    throw new KcrError('DATASET_EMPTY', {
      where: imagesPath,
      found: 'no image',
      fix: 'Give a file with images',
    });
  if (height * width === 0)
    throw new KcrError('IDX_FORMAT', {
      where: imagesPath,
      found: `images of ${height} x ${width} pixels`,
      fix: 'Give images with pixels',
    });
  return pixelSource(images.data, [height, width, 1], Int32Array.from(labels.data));
}
