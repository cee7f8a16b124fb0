/** What two devices compute of the same weights and images. */
export interface Computed {
  /** Of a training's first steps. */
  readonly losses: readonly number[];
  /** Of one batch, each in a row. */
  readonly logits: readonly (readonly number[])[];
}

/** How far a device is from the reference. */
export interface Parity {
  /** Largest difference of a loss, as a share of the reference's. */
  readonly losses: number;
  /** Largest difference of a logit, as a share of the reference's largest. */
  readonly logits: number;
  readonly passed: boolean;
}

/**
 * Differences that pass. Rounding alone makes some of 1e-6. An update by Adam turns a gradient that is nearly 0 into a whole
 * step, of a sign that is rounding's, so that losses after the first may be further apart.
 */
export const TOLERANCE = { losses: 1e-3, logits: 1e-4 };

/** The largest of values; infinite where one is no number, or none is there. */
const largest = (values: readonly number[]): number =>
  values.length > 0 && values.every(Number.isFinite)
    ? Math.max(...values)
    : Number.POSITIVE_INFINITY;

function logitsApart(found: readonly number[], reference: readonly number[]): number {
  if (found.length !== reference.length) return Number.POSITIVE_INFINITY;
  let [difference, size] = [0, 0];
  for (const [i, x] of reference.entries()) {
    // A comparison with NaN is false, so it would pass.
    if (!Number.isFinite(found[i])) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(found[i]! - x));
    size = Math.max(size, Math.abs(x));
  }
  // Zeros say nothing: 0 / 0 is no number.
  return largest([difference / size]);
}

/** Compares a device with the reference. Where nothing is there to compare, nothing passes. */
export function parityOf(found: Computed, reference: Computed): Parity {
  const same =
    found.losses.length === reference.losses.length &&
    found.logits.length === reference.logits.length;
  const losses = same
    ? largest(reference.losses.map((x, i) => Math.abs(found.losses[i]! - x) / Math.abs(x)))
    : Number.POSITIVE_INFINITY;
  const logits = same
    ? largest(reference.logits.map((own, i) => logitsApart(found.logits[i]!, own)))
    : Number.POSITIVE_INFINITY;
  return { losses, logits, passed: losses <= TOLERANCE.losses && logits <= TOLERANCE.logits };
}
