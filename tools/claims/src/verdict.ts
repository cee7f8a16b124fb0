import { compare, type Pair, points } from '../../experiments/src/comparison-table.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import { type Interval, interval, smallestSeen } from '../../experiments/src/statistics.ts';

function inWords({ mean, low, high, n }: Interval, seen: number): string {
  if (n < 2) return 'not measured by more than one seed';
  const found = `${points(mean)} points [${points(low)}, ${points(high)}]`;
  if (low > 0) return `shown, ${found}`;
  if (high < 0) return `refuted, ${found}`;
  return `not seen above ${seen.toFixed(1)} points, ${found}`;
}

/**
 * Whether a claim holds that one thing is better than another: shown or refuted where the interval excludes 0.
 *
 * @param differences in points, one for each seed, above 0 where the claim holds
 */
export const verdictOf = (differences: readonly number[]): string =>
  inWords(interval(differences), smallestSeen(differences));

/** {@link verdictOf} the claim that the first of two models is better. */
export function verdictOfPair(outcomes: readonly Outcome[], pair: Pair, images: number): string {
  const { difference, seen } = compare(outcomes, images, pair);
  return inWords(difference, seen);
}
