import { Generator } from '@kcr/core';
import type { Features } from './features.ts';

/** Features from their rows. */
export const featuresOf = (rows: readonly (readonly number[])[]): Features => ({
  n: rows.length,
  d: rows[0]!.length,
  data: rows.flat(),
});

/** The rows of features. */
export const rowsOf = ({ n, d, data }: Features): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from(data).slice(i * d, (i + 1) * d));

/** Normal numbers. */
export function normal(n: number, d: number, seed: number, scale = 1): Features {
  const generator = new Generator(seed);
  return { n, d, data: Float64Array.from({ length: n * d }, () => scale * generator.normal()) };
}
