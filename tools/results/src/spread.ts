/** Mean and sample standard deviation. */
export function spread(values: readonly number[], digits: number, scale = 1): string {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance =
    values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(values.length - 1, 1);
  return `${(scale * mean).toFixed(digits)} ± ${(scale * Math.sqrt(variance)).toFixed(digits)}`;
}
