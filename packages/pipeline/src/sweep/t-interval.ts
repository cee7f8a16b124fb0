import jstat from 'jstat';

/** A mean with the interval that has the true one in 95 of 100 cases, where the values are independent and normal. */
export interface Interval {
  readonly mean: number;
  /** Absent of a single value. */
  readonly low?: number;
  readonly high?: number;
  /** How many values. */
  readonly n: number;
}

/** The mean of some values; NaN of none. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Student's 95 % interval around the mean of some values. @param values at least one */
export function tInterval(values: readonly number[]): Interval {
  const n = values.length;
  const mean = meanOf(values);
  if (n < 2) return { mean, n };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = jstat.studentt.inv(0.975, n - 1) * Math.sqrt(variance / n);
  return { mean, low: mean - half, high: mean + half, n };
}
