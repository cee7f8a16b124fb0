/** A size of a graph's value: a number, or what it is of the batch, such as `batch` or `3*batch`. */
export type Size = number | string;

/** The symbolic size of the batch. */
const BATCH = 'batch';

/**
 * The size that is `first` for a batch of `batch` images and `second` for one of one image more.
 *
 * @returns undefined where it does not grow with the batch by whole numbers from 0
 */
export function sizeOfBatch(first: number, second: number, batch: number): Size | undefined {
  const perImage = second - first;
  const fixed = first - perImage * batch;
  if (perImage === 0) return first;
  if (perImage < 0 || fixed < 0) return undefined;
  const images = perImage === 1 ? BATCH : `${perImage}*${BATCH}`;
  return fixed === 0 ? images : `${images} + ${fixed}`;
}

/** A size as numbers: `perImage` times the batch, and `fixed`. */
export function partsOf(size: Size): { perImage: number; fixed: number } {
  if (typeof size === 'number') return { perImage: 0, fixed: size };
  const [, perImage = '1', fixed = '0'] = /^(?:(\d+)\*)?batch(?: \+ (\d+))?$/.exec(size) ?? [];
  return { perImage: Number(perImage), fixed: Number(fixed) };
}

/** A size for a batch of so many images. */
export function sizeAt(size: Size, batch: number): number {
  const { perImage, fixed } = partsOf(size);
  return perImage * batch + fixed;
}
