import type { NdArray } from './array.ts';

/** How many tensors a message names. */
const NAMED = 5;

/**
 * Says which arrays have values that are NaN or infinite, and how many.
 *
 * @returns e.g. `NaN or infinite values in head.bias (1 of 10)`; nothing where all values are finite
 */
export function nonFinite(arrays: Readonly<Record<string, NdArray>>): string | undefined {
  const found = Object.entries(arrays).flatMap(([name, array]) => {
    const count = countNonFinite(array);
    return count > 0 ? [`${name} (${count} of ${array.data.length})`] : [];
  });
  if (found.length === 0) return undefined;
  const more = found.length > NAMED ? [`${found.length - NAMED} more`] : [];
  return `NaN or infinite values in ${[...found.slice(0, NAMED), ...more].join(', ')}`;
}

/** How many values are NaN or infinite; whole numbers never are. */
export function countNonFinite({ dtype, data }: NdArray): number {
  let count = 0;
  // A difference with itself is 0 for finite values alone; this is several times as fast as Number.isFinite.
  if (dtype === 'float32')
    for (let i = 0; i < data.length; i++) if (data[i]! - data[i]! !== 0) count++;
  return count;
}
