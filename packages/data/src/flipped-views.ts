import { described, descriptionOf } from './described.ts';
import type { Framing } from './framing.ts';

export interface FlipOptions {
  /** Probability of mirroring left and right. Default 0.5. */
  horizontal?: number;
  /** Probability of mirroring top and bottom. Default 0. */
  vertical?: number;
}

/** Mirrors views at random. */
export const flipped = (
  framing: Framing,
  { horizontal = 0.5, vertical = 0 }: FlipOptions = {},
): Framing =>
  described(
    'flipped',
    { of: descriptionOf(framing), horizontal, vertical },
    (source, canvas, generator) => ({
      ...framing(source, canvas, generator),
      flipX: generator.uniform() < horizontal,
      flipY: generator.uniform() < vertical,
    }),
  );
