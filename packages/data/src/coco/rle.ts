import { KcrError } from '@kcr/core';

/**
 * A binary mask as lengths of runs, column by column from the top left: a run of zeros (which may be empty), one
 * of ones, and so on. As in COCO's API.
 */
export interface Rle {
  readonly height: number;
  readonly width: number;
  readonly runs: ArrayLike<number>;
}

/** The runs of ones: from, to (exclusive), over the mask's pixels in column order. */
function* onesOf({ runs }: Rle): Generator<[number, number]> {
  let at = 0;
  for (let i = 0; i < runs.length; i++) {
    if (i % 2 === 1 && runs[i]! > 0) yield [at, at + runs[i]!];
    at += runs[i]!;
  }
}

/** Number of ones. */
export function rleArea({ runs }: Rle): number {
  let area = 0;
  for (let i = 1; i < runs.length; i += 2) area += runs[i]!;
  return area;
}

/** The smallest box around the ones, [x, y, width, height]; all 0 where there is none. */
export function rleBox(rle: Rle): [number, number, number, number] {
  const { height } = rle;
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const [from, to] of onesOf(rle)) {
    const [first, last] = [Math.floor(from / height), Math.floor((to - 1) / height)];
    left = Math.min(left, first);
    right = Math.max(right, last + 1);
    // A run over several columns touches the top of all but its first.
    top = Math.min(top, first === last ? from % height : 0);
    bottom = Math.max(bottom, first === last ? ((to - 1) % height) + 1 : height);
  }
  return right === 0 ? [0, 0, 0, 0] : [left, top, right - left, bottom - top];
}

/** Number of pixels that are 1 in both masks of one size. */
export function rleOverlap(a: Rle, b: Rle): number {
  let [i, j] = [0, 0];
  let [endA, endB] = [a.runs[0] ?? 0, b.runs[0] ?? 0];
  let [at, overlap] = [0, 0];
  while (i < a.runs.length && j < b.runs.length) {
    const next = Math.min(endA, endB);
    if (i % 2 === 1 && j % 2 === 1) overlap += next - at;
    at = next;
    if (endA === next) endA += a.runs[++i] ?? 0;
    if (endB === next) endB += b.runs[++j] ?? 0;
  }
  return overlap;
}

/** The pixels that are 1 in any of some masks of one size. */
export function rleUnion(masks: readonly Rle[]): Rle {
  const [first, ...others] = masks as [Rle, ...Rle[]];
  if (others.length === 0) return first;
  const { height, width } = first;
  const spans = masks.flatMap((mask) => [...onesOf(mask)]).sort((a, b) => a[0] - b[0]);
  return { height, width, runs: runsOf(spans, height * width) };
}

/** Runs from spans of ones, ascending by their start. */
function runsOf(spans: readonly [number, number][], size: number): number[] {
  const runs: number[] = [];
  let [start, end] = [0, 0];
  let at = 0;
  const close = () => {
    if (end > start) {
      runs.push(start - at, end - start);
      at = end;
    }
  };
  for (const [from, to] of spans) {
    if (from <= end && end > start) end = Math.max(end, to);
    else {
      close();
      [start, end] = [from, to];
    }
  }
  close();
  runs.push(size - at);
  return runs;
}

/** A rectangle of an image, in whole pixels. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** A mask from row-major pixels, 1 where they are not 0; of a `part` of the image where it is given, 0 elsewhere. */
export function rleFromMask(
  pixels: ArrayLike<number>,
  height: number,
  width: number,
  part: Part = { top: 0, left: 0, height, width },
): Rle {
  const spans: [number, number][] = [];
  for (let x = 0; x < part.width; x++)
    for (let y = 0; y < part.height; y++) {
      if (!pixels[y * part.width + x]) continue;
      const at = (part.left + x) * height + part.top + y;
      const last = spans.at(-1);
      if (last?.[1] === at) last[1]++;
      else spans.push([at, at + 1]);
    }
  return { height, width, runs: runsOf(spans, height * width) };
}

/** The mask of each number of a map (row-major) but 0, in ascending order of the numbers. */
export function rlesFromIds(
  ids: ArrayLike<number>,
  height: number,
  width: number,
): ReadonlyMap<number, Rle> {
  const spans = new Map<number, [number, number][]>();
  for (let x = 0, at = 0; x < width; x++)
    for (let y = 0; y < height; y++, at++) {
      const id = ids[y * width + x]!;
      if (id === 0) continue;
      const own = spans.get(id) ?? [];
      spans.set(id, own);
      const last = own.at(-1);
      if (last?.[1] === at) last[1]++;
      else own.push([at, at + 1]);
    }
  const ascending = [...spans].sort((a, b) => a[0] - b[0]);
  return new Map(
    ascending.map(([id, own]) => [id, { height, width, runs: runsOf(own, height * width) }]),
  );
}

/** Row-major pixels of a mask, 0 or 1. */
export function rleToMask(rle: Rle): Uint8Array {
  const { height, width } = rle;
  const pixels = new Uint8Array(height * width);
  for (const [from, to] of onesOf(rle))
    for (let at = from; at < to; at++) pixels[(at % height) * width + Math.floor(at / height)] = 1;
  return pixels;
}

/**
 * Runs from COCO's compressed text: six bits in a character, five of them of a number; from the fourth run on the
 * difference to the run before the last.
 */
export function decodeRuns(text: string): number[] {
  const runs: number[] = [];
  let at = 0;
  while (at < text.length) {
    let [value, shift, bits] = [0, 0, 0];
    do {
      bits = text.charCodeAt(at++) - 48;
      value |= (bits & 0x1f) << shift;
      shift += 5;
    } while (bits & 0x20 && at < text.length);
    if (bits & 0x10 && shift < 32) value |= -1 << shift;
    runs.push(runs.length > 2 ? value + runs[runs.length - 2]! : value);
  }
  return runs;
}

/** COCO's compressed text of runs. */
export function encodeRuns(runs: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < runs.length; i++) {
    let value = i > 2 ? runs[i]! - runs[i - 2]! : runs[i]!;
    for (let more = true; more; ) {
      const bits = value & 0x1f;
      value >>= 5;
      more = bits & 0x10 ? value !== -1 : value !== 0;
      text += String.fromCharCode((more ? bits | 0x20 : bits) + 48);
    }
  }
  return text;
}

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
