import { KcrError } from '@kcr/core';
import type { Rle } from './rle.ts';

/** The grid that sides are drawn on is so many times as fine as the pixels. */
const UPSAMPLING = 5;

/** A polygon that crosses more columns is refused: a few numbers could fill the memory. */
const MOST_CROSSINGS = 2 ** 22;

/** A side between two points of the fine grid: the other coordinate at each step along its longer one. */
interface Side {
  readonly x0: number;
  readonly y0: number;
  readonly slope: number;
  /** Steps along x, or along y where it is not `flat`. */
  readonly length: number;
  readonly flat: boolean;
}

function sideOf(from: readonly [number, number], to: readonly [number, number]): Side {
  const [dx, dy] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
  const flat = dx >= dy;
  const flip = flat ? from[0] > to[0] : from[1] > to[1];
  const [[x0, y0], [x1, y1]] = flip ? [to, from] : [from, to];
  const length = flat ? dx : dy;
  const slope = length === 0 ? 0 : flat ? (y1 - y0) / dx : (x1 - x0) / dy;
  return { x0, y0, slope, length, flat };
}

/** The step of a side that is not flat at which its x first lies right (or, falling, no longer right) of `left`. */
function stepAcross({ x0, slope, length }: Side, left: number): number {
  const isPast = (t: number) => Math.trunc(x0 + slope * t + 0.5) > left === slope > 0;
  let t = Math.min(Math.max(Math.round((left + 0.5 - x0) / slope), 1), length);
  while (t > 1 && isPast(t - 1)) t--;
  while (t < length && !isPast(t)) t++;
  return t;
}

/** The fine row above which a side passes from column `left` of the fine grid to the next. */
function rowAcross(side: Side, left: number): number {
  const { x0, y0, slope, flat } = side;
  if (!flat) return y0 + stepAcross(side, left) - 1;
  const t = left - x0;
  return Math.min(Math.trunc(y0 + slope * t + 0.5), Math.trunc(y0 + slope * (t + 1) + 0.5));
}

/** Places in column order where a side crosses the centre of a column of pixels. */
function* crossingsOf(side: Side, height: number, width: number): Generator<number> {
  const { x0, slope, length, flat } = side;
  const x1 = flat ? x0 + length : Math.trunc(x0 + slope * length + 0.5);
  // Of column c the centre lies between 5 c + 2 and 5 c + 3 of the fine grid.
  const columnFrom = (x: number) => Math.ceil((x - 2) / UPSAMPLING);
  const first = Math.max(columnFrom(Math.min(x0, x1)), 0);
  const last = Math.min(columnFrom(Math.max(x0, x1)), width) - 1;
  for (let column = first; column <= last; column++) {
    const row = (rowAcross(side, UPSAMPLING * column + 2) + 0.5) / UPSAMPLING - 0.5;
    yield column * height + Math.ceil(Math.min(Math.max(row, 0), height));
  }
}

/**
 * A polygon's mask as COCO's API draws it: its sides on a grid five times as fine, and of these the points where a
 * pixel's column is crossed at its centre. What lies beyond the image costs nothing.
 *
 * @param points x0, y0, x1, y1, ... in pixels; a last one without a partner is passed over
 * @param where the polygon is, for the error
 * @throws KcrError `COCO_SEGMENTATION` for a polygon that crosses columns more than 4,194,304 times
 */
export function rleFromPolygon(
  points: readonly number[],
  height: number,
  width: number,
  where = 'rleFromPolygon',
): Rle {
  const fine = (value: number) => Math.trunc(UPSAMPLING * value + 0.5);
  const corners = Array.from({ length: Math.floor(points.length / 2) }, (_, i) => {
    const corner: [number, number] = [fine(points[2 * i]!), fine(points[2 * i + 1]!)];
    return corner;
  });
  const crossings: number[] = [];
  corners.forEach((corner, i) => {
    const side = sideOf(corner, corners[(i + 1) % corners.length]!);
    for (const crossing of crossingsOf(side, height, width)) {
      if (crossings.length === MOST_CROSSINGS)
        throw new KcrError('COCO_SEGMENTATION', {
          where,
          found: `a polygon that crosses columns of pixels more than ${MOST_CROSSINGS} times`,
          fix: 'Look at its points; for a mask as fine as that give runs',
        });
      crossings.push(crossing);
    }
  });
  crossings.push(height * width);
  crossings.sort((a, b) => a - b);
  return { height, width, runs: alternating(crossings) };
}

/** Runs between places where a mask changes; two changes at one place are none. */
function alternating(changes: readonly number[]): number[] {
  const lengths = changes.map((at, i) => at - (changes[i - 1] ?? 0));
  const runs = [lengths[0]!];
  for (let i = 1; i < lengths.length; ) {
    if (lengths[i]! > 0) runs.push(lengths[i++]!);
    else {
      i++;
      if (i < lengths.length) runs[runs.length - 1]! += lengths[i++]!;
    }
  }
  return runs;
}
