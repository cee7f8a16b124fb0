import jstat from 'jstat';

/** A mean with its interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** How many values it is of. */
  readonly n: number;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Sample standard deviation. */
export function deviation(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
}

/** Student's interval of 95 % for the mean of values that are drawn independently: differences between pairs, one for each seed. */
export function interval(values: readonly number[]): Interval {
  const n = values.length;
  const mean = meanOf(values);
  if (n < 2) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, n };
  const half = (jstat.studentt.inv(0.975, n - 1) * deviation(values)) / Math.sqrt(n);
  return { mean, low: mean - half, high: mean + half, n };
}

/** Student's p, two-sided: how likely so large a mean is of differences around 0. @returns 1 for one value */
export function pOf({ mean, low, n }: Interval): number {
  if (n < 2 || mean === 0) return 1;
  if (mean === low) return 0;
  const t = (Math.abs(mean) / (mean - low)) * jstat.studentt.inv(0.975, n - 1);
  return 2 * jstat.studentt.cdf(-t, n - 1);
}

/** p of several tests, adjusted by Holm's method: any of these below 0.05 is a chance of 5 % for all of the tests together. */
export function holm(ps: readonly number[]): number[] {
  const adjusted = Array<number>(ps.length);
  let most = 0;
  [...ps.keys()]
    .sort((a, b) => ps[a]! - ps[b]!)
    .forEach((test, rank) => {
      most = Math.max(most, Math.min(1, (ps.length - rank) * ps[test]!));
      adjusted[test] = most;
    });
  return adjusted;
}

/** p as a table has it. */
export const pText = (p: number): string => (p < 0.001 ? '< 0.001' : p.toFixed(3));

/**
 * The smallest difference that a paired t test of 5 % would have seen in four of five experiments like this one: (t_0.975 + t_0.8)
 * s / sqrt(n).
 */
export function smallestSeen(values: readonly number[]): number {
  const n = values.length;
  if (n < 2) return Number.POSITIVE_INFINITY;
  const quantile = (p: number) => jstat.studentt.inv(p, n - 1);
  return ((quantile(0.975) + quantile(0.8)) * deviation(values)) / Math.sqrt(n);
}

/** Spearman's rank correlation; equal values share the mean of their ranks. */
export const rankCorrelation = (first: readonly number[], second: readonly number[]): number =>
  jstat.spearmancoeff(first, second);

/**
 * McNemar's exact test of two models on the same images, two-sided: the probability of so uneven a split of the images on
 * which one alone is right, if each were as likely as the other.
 *
 * @param first images on which the first alone is right
 * @param second images on which the second alone is right
 */
export function mcnemar(first: number, second: number): number {
  const n = first + second;
  if (n === 0) return 1;
  return Math.min(2 * jstat.binomial.cdf(Math.min(first, second), n, 0.5), 1);
}
