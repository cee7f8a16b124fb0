import type { ArraySlot } from '@kcr/core';
import { type Features, toFeatures } from '@kcr/features';

/** The centroids of a buffer; undefined while it has its initial zeros. */
export async function savedCentroids(slot: Pick<ArraySlot, 'read'>): Promise<Features | undefined> {
  const saved = await slot.read();
  return saved.data.some((x) => x !== 0) ? toFeatures(saved) : undefined;
}
