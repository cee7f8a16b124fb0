import { KcrError } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import { valueText } from './json-value.ts';
import { rleFromPolygon } from './polygon.ts';
import { type Rle, rleUnion } from './rle.ts';
import { decodeRuns } from './rle-text.ts';

/** A segmentation as COCO files have it: polygons, or runs as a list or as text. */
export type Segmentation =
  | readonly (readonly number[])[]
  | { readonly size: readonly [number, number]; readonly counts: string | readonly number[] };

/** How far from 0 a coordinate may be: COCO's API has five times it in 32 bits. */
const FARTHEST = Math.floor((2 ** 31 - 1) / 5) - 1;

/** numpy's numbers in a text, which COCO's API reads too. */
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/**
 * The mask of a segmentation, as COCO's API gives it.
 *
 * Polygons are lists x0, y0, x1, y1, ... of numbers, or of numbers as text; the first has at least 5 of them. One
 * too many at the end is passed over. Of a list of runs the mask is the union.
 *
 * @throws KcrError `COCO_SEGMENTATION` for what is none of this, or a coordinate beyond 4e8; `RLE_SIZE` where it is of
 * another size than the image, or its runs are; `RLE_TEXT` for text that is no runs
 */
export function toRle(segmentation: unknown, height: number, width: number, where: string): Rle {
  if (isRecord(segmentation)) return fromRuns(segmentation, height, width, where);
  const parts: readonly unknown[] = Array.isArray(segmentation) ? segmentation : [];
  const [first] = parts;
  if (isRecord(first) && 'counts' in first)
    return rleUnion(parts.map((part) => fromRuns(part, height, width, where)));
  if (!Array.isArray(first) || first.length <= 4) throw noPolygons(where, segmentation);
  return rleUnion(
    parts.map((part) => rleFromPolygon(pointsOf(part, segmentation, where), height, width, where)),
  );
}

const noPolygons = (where: string, found: unknown) =>
  new KcrError('COCO_SEGMENTATION', {
    where,
    found: valueText(found),
    fix: 'Give a list of polygons [x0, y0, x1, y1, x2, y2, ...] in pixels, or { size, counts }',
  });

function pointsOf(part: unknown, segmentation: unknown, where: string): number[] {
  if (!Array.isArray(part)) throw noPolygons(where, segmentation);
  return part.map((value: unknown) => {
    const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value;
    if (typeof number !== 'number' || !(Math.abs(number) <= FARTHEST))
      throw new KcrError('COCO_SEGMENTATION', {
        where,
        found: `the coordinate ${valueText(value)}`,
        fix: 'Give finite numbers of pixels',
      });
    return number;
  });
}

function fromRuns(segmentation: unknown, height: number, width: number, where: string): Rle {
  const { size, counts } = isRecord(segmentation) ? segmentation : {};
  const listed: unknown = typeof counts === 'string' ? decodeRuns(counts, where) : counts;
  if (!Array.isArray(listed) || !Array.isArray(size)) throw noPolygons(where, segmentation);
  const wrong = (found: string) =>
    new KcrError('RLE_SIZE', {
      where,
      found,
      fix: `Give a mask of the image's size, ${height} x ${width}`,
    });
  if (size.length !== 2 || size[0] !== height || size[1] !== width)
    throw wrong(`a mask of ${size.map(valueText).join(' x ')}`);
  const bad = listed.find((run) => !Number.isInteger(run) || run < 0);
  if (bad !== undefined) throw wrong(`a run of ${valueText(bad)} pixels`);
  const runs = listed as number[];
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (total !== height * width) throw wrong(`runs of ${total} pixels in all`);
  return { height, width, runs };
}
