/** 97.5 % quantiles of Student's t for 1, 2, ... degrees of freedom. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145,
  2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048,
  2.045, 2.042,
];

/** A mean over draws with its 95 % interval by Student's t; of one draw alone the interval is the number itself. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** @param values one for each draw, at least one */
export function interval(values: readonly number[]): Interval {
  const count = values.length;
  const mean = values.reduce((sum, x) => sum + x, 0) / count;
  if (count === 1) return { mean, low: mean, high: mean };
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (count - 1);
  // Above 30 degrees of freedom the quantile is that of the normal distribution to 4 %.
  const quantile = QUANTILES[count - 2] ?? 1.96;
  const half = quantile * Math.sqrt(variance / count);
  return { mean, low: mean - half, high: mean + half };
}
