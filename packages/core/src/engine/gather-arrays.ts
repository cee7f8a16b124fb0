import type { NdArray } from '../ground/array.ts';
import { decodeSafetensors, encodeSafetensors } from '../ground/safetensors.ts';
import type { Communicator } from './communicator.ts';

/** Gives every process the arrays of each, in the order of the ranks. */
export async function gatherArrays(
  communicator: Communicator,
  arrays: Readonly<Record<string, NdArray>>,
): Promise<Readonly<Record<string, NdArray>>[]> {
  if (communicator.size === 1) return [arrays];
  const all = await communicator.allGather(encodeSafetensors({ tensors: arrays, metadata: {} }));
  return all.map((bytes, rank) => decodeSafetensors(bytes, `arrays of rank ${rank}`).tensors);
}
