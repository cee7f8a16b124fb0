import type { NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Generator } from '../ground/random.ts';
import type { Batch, ImageSet } from '../model/batch.ts';
import { checkBatch } from './check-batch.ts';

/**
 * Reads batches in the given order, one ahead of the consumer.
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
  let next = order.length > 0 ? load(0) : undefined;
  for (let i = 0; i < order.length; i++) {
    const batch = await next!;
    next = i + 1 < order.length ? load(i + 1) : undefined;
    // A failure of the batch ahead is thrown when its turn comes, not as an unhandled rejection.
    next?.catch(() => {});
    yield { indices: order[i]!, batch };
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
