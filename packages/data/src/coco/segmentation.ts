import { KcrError } from '@kcr/core';
import { rleFromPolygon } from './polygon.ts';
import { type Rle, rleUnion } from './rle.ts';
import { decodeRuns } from './rle-text.ts';

/** A segmentation as COCO files have it: polygons, or runs as a list or as text. */
export type Segmentation =
  | readonly (readonly number[])[]
  | { readonly size: readonly [number, number]; readonly counts: string | readonly number[] };

/**
 * The mask of a segmentation.
 *
 * @throws KcrError `RLE_SIZE` where it is of another size than the image, or its runs are
 */
export function toRle(
  segmentation: Segmentation,
  height: number,
  width: number,
  where: string,
): Rle {
  if (!('counts' in segmentation))
    return rleUnion(segmentation.map((points) => rleFromPolygon(points, height, width)));
  const { size, counts } = segmentation;
  const runs = typeof counts === 'string' ? decodeRuns(counts) : counts;
  const total = runs.reduce((sum, run) => sum + run, 0);
  const wrong = (found: string) =>
    new KcrError('RLE_SIZE', {
      where,
      found,
      fix: `Give a mask of the image's size, ${height} x ${width}`,
    });
  if (size[0] !== height || size[1] !== width) throw wrong(`a mask of ${size[0]} x ${size[1]}`);
  if (total !== height * width || runs.some((run) => run < 0))
    throw wrong(`runs of ${total} pixels in all`);
  return { height, width, runs };
}
