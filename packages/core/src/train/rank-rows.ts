import type { Communicator } from '../engine/communicator.ts';

/**
 * The part of a batch that a process trains on. Its images stand as far from the batch's begin as from its end, where the batch can
 * be cut so: mixing takes each image with the one at the same place from the end, so that each part is mixed within itself as it
 * would be within the whole.
 *
 * @param indices of the batch's images, as many for each process
 */
export function rowsOfRank(
  indices: Int32Array,
  { rank, size }: Pick<Communicator, 'rank' | 'size'>,
): Int32Array {
  const own = indices.length / size;
  if (own % 2 !== 0) return indices.slice(rank * own, (rank + 1) * own);
  const half = own / 2;
  const end = indices.length - rank * half;
  const rows = new Int32Array(own);
  rows.set(indices.subarray(rank * half, (rank + 1) * half));
  rows.set(indices.subarray(end - half, end), half);
  return rows;
}
