import type { Generator } from '@kcr/core';

/** A stream of random numbers for each image of a batch, whatever the order in which they are made. */
export const streamsOf = (indices: Int32Array, generator: Generator): Generator[] =>
  streamNames(indices).map((name) => generator.fork(name));

/** A name for each image of a batch: its index, and which repetition of it this is from the second on. */
export function streamNames(indices: Int32Array): string[] {
  const seen = new Map<number, number>();
  return Array.from(indices, (i) => {
    const repetition = seen.get(i) ?? 0;
    seen.set(i, repetition + 1);
    return repetition === 0 ? String(i) : `${i}:${repetition}`;
  });
}
