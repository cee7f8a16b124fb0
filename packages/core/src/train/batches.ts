import { type NdArray, sizeOf } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Generator } from '../ground/random.ts';
import type { Batch, ImageSet } from '../model/batch.ts';
import { checkBatch } from './check-batch.ts';

/** Most batches that are read before the consumer asks for them, and most bytes of their images: at least one is. */
const AHEAD = { batches: 4, bytes: 2 ** 29 };

/** Bytes of the images that are read ahead of those that are trained, in batches of so many. */
export function aheadBytes({ shape }: ImageSet, images: number): number {
  const bytes = 4 * sizeOf(shape) * images;
  return bytes * Math.max(1, Math.min(AHEAD.batches, Math.floor(AHEAD.bytes / bytes)));
}

/**
 * Reads batches in the given order, some ahead of the consumer: up to four, and up to 512 MiB of images.
 *
 * @param augment makes the generator of batch i
 * @throws KcrError `DATASET_BATCH`, `LABEL_CLASS`, and what reading throws
 */
export async function* batches<B extends Batch>(
  dataset: ImageSet<B>,
  order: readonly Int32Array[],
  augment?: (i: number) => Generator,
): AsyncGenerator<{ indices: Int32Array; batch: B }> {
  const load = async (i: number) => {
    const batch = await dataset.batch(order[i]!, augment?.(i));
    checkBatch(batch, order[i]!, dataset);
    return batch;
  };
  const image = 4 * sizeOf(dataset.shape);
  const ahead: Promise<B>[] = [];
  let begun = 0;
  const readAhead = (most: number) => {
    let bytes = 0;
    for (let i = begun - ahead.length; i < begun; i++) bytes += image * order[i]!.length;
    while (begun < order.length && ahead.length < most) {
      bytes += image * order[begun]!.length;
      if (ahead.length > 0 && bytes > AHEAD.bytes) return;
      const batch = load(begun++);
      // A failure of a batch ahead is thrown when its turn comes, not as an unhandled rejection.
      batch.catch(() => {});
      ahead.push(batch);
    }
  };
  for (const indices of order) {
    readAhead(1);
    const batch = await ahead.shift()!;
    readAhead(AHEAD.batches);
    yield { indices, batch };
  }
}

/** Images without augmentation, in batches [n, height, width, channels]. @throws KcrError `BATCH_SIZE` */
export async function* imageBatches(
  dataset: ImageSet,
  batchSize: number,
  indices = range(dataset.length),
): AsyncGenerator<NdArray> {
  for await (const { batch } of batches(dataset, batchOrder(indices, batchSize))) yield batch.image;
}

/**
 * Cuts an order of images into batches; the last may be smaller, unless only `full` ones are wanted.
 *
 * @throws KcrError `BATCH_SIZE` where that is no whole number from 1
 */
export function batchOrder(
  indices: Int32Array,
  batchSize: number,
  { full = false }: { full?: boolean } = {},
): Int32Array[] {
  if (!(Number.isInteger(batchSize) && batchSize >= 1))
    throw new KcrError('BATCH_SIZE', {
      where: `batches of ${indices.length} images`,
      found: `a batch size of ${batchSize}`,
      fix: 'Choose a whole number from 1',
    });
  const order: Int32Array[] = [];
  for (let i = 0; i < indices.length; i += batchSize) order.push(indices.slice(i, i + batchSize));
  return full ? order.filter((batch) => batch.length === batchSize) : order;
}

/** 0..n-1. */
export const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
