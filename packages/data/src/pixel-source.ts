import { valuesDigest } from '@kcr/core';
import { numberedClasses } from '@kcr/core/internal';
import type { ImageSource } from './image-source.ts';

/** A source over pixels in memory; classes are named by their numbers. */
export function pixelSource(
  data: Uint8Array,
  shape: readonly [number, number, number],
  labels: Int32Array,
): ImageSource {
  const size = shape[0] * shape[1] * shape[2];
  const count = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  return {
    labels,
    classes: numberedClasses(count),
    shape,
    identity: async () => ({ pixels: valuesDigest(data) }),
    pixels: (i) => ({ data: data.subarray(i * size, (i + 1) * size), shape }),
  };
}
