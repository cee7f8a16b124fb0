import { type Generator, type RefreshContext, range } from '@kcr/core';
import type { Features } from '@kcr/features';
import { type BoundOptions, kcrBounds } from './bounds.ts';
import { kernelComplexity } from './kernel-complexity.ts';
import { labelledMoments } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';
import { nystromTails } from './nystrom.ts';
import { inParts, type Reading, type ReadPart } from './reading.ts';

/** Constants of the bounds, and after how many steps of gradient descent on the last layer they are taken. */
export type BoundsAt = Omit<BoundOptions, 'complexity' | 'steps'> & {
  /** Default 4096. */
  step?: number;
  /** Validation images that the expected loss is the mean of, the same after every epoch. Default: all, but at most 10,000. */
  validationImages?: number;
};

/** Validation images where no number is told. */
const VALIDATION_IMAGES = 10_000;

/** Steps of gradient descent on the last layer where none are told. */
export const BOUND_STEP = 4096;

/**
 * The bounds with A-KC of the expected loss of a last layer that is trained on what was read, and that loss on the validation
 * images, where there are any (KCR Figure 1). Where not all of them are read, `expectedLossImages` says how many were.
 *
 * @param reading with S and the classes' sums
 * @param generator draws the validation images
 */
export async function boundNumbers(
  { all, directions }: Reading,
  { validation }: Pick<RefreshContext, 'validation'>,
  { step = BOUND_STEP, validationImages = VALIDATION_IMAGES, ...constants }: BoundsAt,
  generator: Generator,
): Promise<Record<string, number>> {
  const { n, s, cross, spectrum } = all!;
  const layer = new LastLayer({ n, s, cross: cross! }, spectrum);
  const complexity = kernelComplexity(nystromTails(spectrum, directions.vectors), n).value;
  const [point] = kcrBounds(layer, { ...constants, complexity, steps: [step] });
  const { trainingLoss: lastLayerLoss, upper: upperBound, lower: lowerBound } = point!;
  const numbers = { lastLayerLoss, upperBound, lowerBound };
  if (!validation) return numbers;
  const { labels } = validation;
  const isAll = labels.length <= validationImages;
  const images = isAll
    ? range(labels.length)
    : generator.permutation(labels.length).slice(0, validationImages).sort();
  const own = images.map((i) => labels[i]!);
  const given = { d: s.rows, labels: own, classes: cross!.columns };
  const others = await labelledMoments(featuresOf(inParts(validation, images)), given);
  const expectedLoss = layer.loss(others, step);
  const read: Record<string, number> = isAll ? {} : { expectedLossImages: images.length };
  return { ...numbers, expectedLoss, ...read };
}

async function* featuresOf(parts: AsyncIterable<ReadPart>): AsyncGenerator<Features> {
  for await (const { part } of parts) yield part;
}
