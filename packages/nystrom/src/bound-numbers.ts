import type { RefreshContext } from '@kcr/core';
import { type BoundOptions, kcrBounds } from './bounds.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { labelledMoments } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';
import { nystromTails } from './nystrom.ts';
import { inParts, type Reading } from './reading.ts';

/** Constants of the bounds, and after how many steps of gradient descent on the last layer they are taken. */
export type BoundsAt = Omit<BoundOptions, 'complexity' | 'steps'> & { step?: number };

/** Steps of gradient descent on the last layer where none are told. */
export const BOUND_STEP = 4096;

/**
 * The bounds with A-KC of the expected loss of a last layer that is trained on what was read, and that loss on the validation
 * images, where there are any (KCR Figure 1).
 *
 * @param reading with S and the classes' sums of all images
 */
export async function boundNumbers(
  { all, directions }: Reading,
  { validation }: Pick<RefreshContext, 'validation'>,
  { step = BOUND_STEP, ...constants }: BoundsAt,
): Promise<Record<string, number>> {
  const { n, s, cross, spectrum } = all!;
  const layer = new LastLayer({ n, s, cross: cross! }, spectrum);
  const complexity = kernelComplexity(nystromTails(spectrum, directions.vectors), n).value;
  const [point] = kcrBounds(layer, { ...constants, complexity, steps: [step] });
  const { trainingLoss: lastLayerLoss, upper: upperBound, lower: lowerBound } = point!;
  const numbers = { lastLayerLoss, upperBound, lowerBound };
  if (!validation) return numbers;
  const { labels } = validation;
  const given = { d: s.rows, labels, classes: cross!.columns };
  const others = await labelledMoments(inParts(validation, labels.length), given);
  return { ...numbers, expectedLoss: layer.loss(others, step) };
}
