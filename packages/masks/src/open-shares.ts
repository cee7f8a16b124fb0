/** Shares of the entries of a mask that let something through. */
export interface OpenShares {
  /** Of evaluation's mask, which has no noise. */
  evaluation: number;
  /** Of training's binary mask, expected over its noise. */
  training: number;
  /** Mean of training's relaxed mask, through which gradients pass, expected over its noise. */
  soft: number;
}

/** What training's mask is made with. */
export interface MaskNoise {
  /** Temperature, above 0. */
  tau: number;
  /** What the standard logistic noise is multiplied by, from 0. */
  scale: number;
}

/** Values of theta are counted in bins of this width; beyond the last, a mask is open or closed in any case. */
const WIDTH = 1 / 128;
const LARGEST = 32;
const BINS = LARGEST / WIDTH;
const QUANTILES = 512;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Logistic noise at the middles of equally probable intervals. */
const noise = Float64Array.from({ length: QUANTILES }, (_, i) => {
  const u = (i + 0.5) / QUANTILES;
  return Math.log(u / (1 - u));
});

/**
 * Gathers the logits theta of a mask, and says which share of its entries is open: `sigmoid(theta / scale)` is the
 * probability that theta and the noise are above 0. Exact in evaluation, within 1e-3 in training.
 */
export class OpenShareMeter {
  readonly #counts = new Float64Array(2 * BINS);
  #entries = 0;
  #open = 0;

  add(theta: ArrayLike<number>): void {
    for (let i = 0; i < theta.length; i++) {
      const value = theta[i]!;
      if (value > 0) this.#open++;
      const bin = Math.floor(value / WIDTH) + BINS;
      this.#counts[Math.min(Math.max(bin, 0), 2 * BINS - 1)]!++;
    }
    this.#entries += theta.length;
  }

  shares({ tau, scale }: MaskNoise): OpenShares {
    const mean = (of: (theta: number) => number) =>
      this.#counts.reduce(
        (sum, count, bin) => (count > 0 ? sum + count * of((bin + 0.5 - BINS) * WIDTH) : sum),
        0,
      ) / this.#entries;
    return {
      evaluation: this.#open / this.#entries,
      training: mean((theta) => (scale > 0 ? sigmoid(theta / scale) : Number(theta > 0))),
      soft: mean(
        (theta) =>
          noise.reduce((sum, e) => sum + sigmoid((theta + scale * e) / tau), 0) / QUANTILES,
      ),
    };
  }
}
