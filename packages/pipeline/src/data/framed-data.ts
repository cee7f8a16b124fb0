import { type Framing, fitted, flipped, scaleJitter, shortSide } from '@kcr/data';
import { z } from 'zod';
import { count, range, scale, share } from '../recipes/fields.ts';
import { reportSkipped } from '../report-skipped.ts';
import { augmentList, loadAugments, photometricAugments } from './augments.ts';
import type { DataContext } from './data-kind.ts';

export const fit = z.enum(['inside', 'cover']).optional();

/** How images lie on the model's input: one of the framings of `@kcr/data` with its options. */
const framings = z.union([
  z.strictObject({
    shortSide: z.strictObject({ short: z.union([count, z.array(count).min(1)]), long: count }),
  }),
  z.strictObject({
    scaleJitter: z.strictObject({ scale: range(scale), fit }),
  }),
]);

/** What data with places in the image have in common. */
export const framedFields = z.strictObject({
  framing: framings.optional(),
  flip: z.strictObject({ horizontal: share.optional(), vertical: share.optional() }).optional(),
  augment: augmentList(photometricAugments),
  /** Entries that cannot be used: an error, or left out and counted. */
  invalid: z.enum(['error', 'skip']).default('error'),
});

/** A folder of images, and one of PNGs of the same names, within the root. */
export const labelledFolders = z.strictObject({ images: z.string(), labels: z.string() });

type FramedFields = z.output<typeof framedFields>;

function framingOf({ framing, flip }: FramedFields): Framing {
  const chosen = !framing
    ? fitted
    : 'shortSide' in framing
      ? shortSide(framing.shortSide)
      : scaleJitter(framing.scaleJitter);
  return flip ? flipped(chosen, flip) : chosen;
}

/** Where such images lie, and what training changes. */
export async function framedOptions(
  fields: FramedFields,
  context: Pick<DataContext, 'model' | 'normalization' | 'from'>,
) {
  const { model, normalization } = context;
  const [height, width] = model.inputShape;
  const test = { normalization, canvas: { height, width } };
  const augment = await loadAugments(fields.augment, photometricAugments, context);
  return { test, train: { ...test, framing: framingOf(fields), augment } };
}

/** A source that may have left entries out. */
interface Skipping {
  readonly skipped: Readonly<Record<string, number>>;
}

/** Reads both splits, and tells what was left out of each. */
export async function bothSplits<P extends object, S extends Skipping>(
  parts: Readonly<Record<'train' | 'test', P>>,
  { on }: Pick<DataContext, 'on'>,
  read: (part: P) => Promise<S>,
): Promise<{ train: S; test: S }> {
  const [train, test] = await Promise.all([read(parts.train), read(parts.test)]);
  for (const [part, source] of [
    [parts.train, train],
    [parts.test, test],
  ] as const)
    reportSkipped(on, Object.values(part).join(', '), source);
  return { train, test };
}

/** Channels of a model's images. */
export const channelsOf = ({ model }: Pick<DataContext, 'model'>): 1 | 3 =>
  model.inputShape[2] as 1 | 3;
