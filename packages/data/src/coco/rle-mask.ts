import { onesOf, type Rle, runsOf } from './rle.ts';

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
