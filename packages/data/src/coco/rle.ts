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
export function* onesOf({ runs }: Rle): Generator<[number, number]> {
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
export function runsOf(spans: readonly [number, number][], size: number): number[] {
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
  // As pycocotools encodes: no empty run at the end.
  if (size > at || runs.length === 0) runs.push(size - at);
  return runs;
}
