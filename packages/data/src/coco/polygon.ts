import type { Rle } from './rle.ts';

const UPSAMPLING = 5;

/** All points of a grid five times as fine that the sides of a polygon pass, as two lists. */
function boundary(points: readonly number[]): { xs: number[]; ys: number[] } {
  const [xs, ys]: [number[], number[]] = [[], []];
  const fine = (value: number) => Math.trunc(UPSAMPLING * value + 0.5);
  const corners = points.length / 2;
  for (let i = 0; i < corners; i++) {
    const next = (i + 1) % corners;
    let [x0, y0] = [fine(points[2 * i]!), fine(points[2 * i + 1]!)];
    let [x1, y1] = [fine(points[2 * next]!), fine(points[2 * next + 1]!)];
    const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
    const flat = dx >= dy;
    const flip = flat ? x0 > x1 : y0 > y1;
    if (flip) [x0, y0, x1, y1] = [x1, y1, x0, y0];
    const length = flat ? dx : dy;
    const slope = length === 0 ? 0 : flat ? (y1 - y0) / dx : (x1 - x0) / dy;
    for (let d = 0; d <= length; d++) {
      const t = flip ? length - d : d;
      xs.push(flat ? x0 + t : Math.trunc(x0 + slope * t + 0.5));
      ys.push(flat ? Math.trunc(y0 + slope * t + 0.5) : y0 + t);
    }
  }
  return { xs, ys };
}

/**
 * A polygon's mask as COCO's API draws it: its sides on a grid five times as fine, and of these the points where a
 * pixel's column is crossed at its centre.
 *
 * @param points x0, y0, x1, y1, ... in pixels
 */
export function rleFromPolygon(points: readonly number[], height: number, width: number): Rle {
  const { xs, ys } = boundary(points);
  const crossings: number[] = [];
  for (let i = 1; i < xs.length; i++) {
    if (xs[i] === xs[i - 1]) continue;
    const left = xs[i]! < xs[i - 1]! ? xs[i]! : xs[i]! - 1;
    const column = (left + 0.5) / UPSAMPLING - 0.5;
    if (Math.floor(column) !== column || column < 0 || column > width - 1) continue;
    const row = (Math.min(ys[i]!, ys[i - 1]!) + 0.5) / UPSAMPLING - 0.5;
    crossings.push(column * height + Math.ceil(Math.min(Math.max(row, 0), height)));
  }
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
