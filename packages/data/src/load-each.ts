import type { Generator } from '@kcr/core';
import { streamsOf } from './stream-names.ts';

/**
 * What `load` gives for each image of a batch. Every image has a stream of its own, so that the order of decoding does not
 * matter.
 *
 * @param generator of training batches; without it images have no stream
 */
export const loadEach = <T>(
  indices: Int32Array,
  generator: Generator | undefined,
  load: (i: number, generator?: Generator) => Promise<T>,
): Promise<T[]> => {
  const streams = generator && streamsOf(indices, generator);
  return Promise.all(Array.from(indices, (i, n) => load(i, streams?.[n])));
};
