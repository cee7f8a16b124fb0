import { kernelComplexity } from './kernel-complexity.ts';
import { nystromTails } from './nystrom.ts';
import type { Reading } from './reading.ts';
import { spectrumTails } from './spectrum-tails.ts';

/** TNN_r for r = 0..d, of all images, or of the landmarks alone where that is all that was read. */
export function readingTails({ all, directions: { values, vectors } }: Reading): Float64Array {
  if (all) return spectrumTails(all.spectrum.values);
  const spectrum = new Float64Array(vectors.rows);
  spectrum.set(values);
  return spectrumTails(spectrum);
}

/**
 * What is logged of a reading: of all images by the names that the summary has, and by others where the landmarks alone
 * were read.
 *
 * @param samples n, all images
 * @param rank r of TNN_r
 */
export function readingNumbers(
  reading: Reading,
  samples: number,
  rank: number,
): Record<string, number> {
  const tails = readingTails(reading);
  const tnn = tails[rank]!;
  const tnnRatio = tails[0]! > 0 ? tnn / tails[0]! : 0;
  const { all, directions, landmarks } = reading;
  if (!all) {
    const { value, argmin } = kernelComplexity(tails, landmarks);
    return {
      landmarkTnn: tnn,
      landmarkTnnRatio: tnnRatio,
      landmarkKc: value,
      landmarkKcArgmin: argmin,
    };
  }
  const approximate = nystromTails(all.spectrum, directions.vectors);
  const { value: kc, argmin: kcArgmin } = kernelComplexity(tails, samples);
  const aKc = kernelComplexity(approximate, samples).value;
  const read: Record<string, number> = all.read < all.n ? { readImages: all.read } : {};
  return { tnn, tnnRatio, kc, kcArgmin, aTnn: approximate[rank]!, aKc, ...read };
}
