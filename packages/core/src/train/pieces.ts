import { type NdArray, rowsOf } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { Batch } from '../model/batch.ts';

/** A part of a batch. */
export interface Piece {
  readonly batch: Batch;
  /** Of its images in the training set. */
  readonly indices: Int32Array;
}

/**
 * Cuts a batch into equal pieces, in its order, without copying.
 *
 * @param indices of the batch's images in the training set
 * @throws KcrError `BATCH_SIZE` where they would not be equal, `DATASET_BATCH` for an array that has not an entry for each image
 */
export function piecesOf(batch: Batch, indices: Int32Array, count: number): Piece[] {
  const size = indices.length / count;
  if (!Number.isInteger(size))
    throw new KcrError('BATCH_SIZE', {
      where: 'accumulated batch',
      found: `${indices.length} images for ${count} equal pieces`,
      fix: `Give a multiple of ${count}`,
    });
  return Array.from({ length: count }, (_, i) => {
    const entries = Object.entries(batch).map(([name, array]) => [
      name,
      rows(name, array, i * size, size, indices.length),
    ]);
    return {
      batch: Object.fromEntries(entries),
      indices: indices.subarray(i * size, (i + 1) * size),
    };
  });
}

/** Entries `start` to `start + count` of an array's first axis, as a view. */
function rows(name: string, array: NdArray, start: number, count: number, all: number): NdArray {
  const [length] = array.shape;
  if (length !== all)
    throw new KcrError('DATASET_BATCH', {
      where: `accumulated batch, \`${name}\``,
      found: `[${array.shape}] for ${all} images`,
      fix: 'Give an entry for each image on the first axis, or leave `accumulate` out',
    });
  return rowsOf(array, start, start + count);
}
