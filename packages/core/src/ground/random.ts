import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { KcrError } from './error.ts';

/** Random numbers that a forward pass needs, drawn anew for every step. */
export type Draw = 'uniform' | 'gumbel' | 'logistic' | 'normal';

/** 2^32 over the golden ratio, as in SplitMix (Steele et al. 2014). */
const GOLDEN = 0x9e3779b9;

/** The finaliser of MurmurHash3: each bit of x changes each bit of the result with a probability of a half. */
function mixed(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A first state for a seed. The generator begins with what it is given, so that the first numbers of seeds that
 * differ in a few bits would be alike if it were given those bits; SplitMix stands between them, as its authors
 * advise.
 */
function firstState(seed: number): number[] {
  const start = mixed(seed) ^ Math.floor(seed / 2 ** 32);
  return [1, 2, 3, 4].map((k) => mixed((start + Math.imul(k, GOLDEN)) | 0));
}

/** FNV-1a over a label, so that forks of one seed with other names are other streams. */
function hash(label: string, seed: number): number {
  let h = (0x811c9dc5 ^ mixed(seed)) >>> 0;
  for (let i = 0; i < label.length; i++) h = Math.imul(h ^ label.charCodeAt(i), 0x01000193) >>> 0;
  return h | 0;
}

let quantiles: Float32Array | undefined;

const logisticQuantiles = (): Float32Array => {
  quantiles ??= Float32Array.from({ length: 65_536 }, (_, i) => {
    const u = (i + 0.5) / 65_536;
    return Math.log(u / (1 - u));
  });
  return quantiles;
};

/** The error of a number of which there is no draw. */
const wrong = (where: string, found: unknown, fix: string) =>
  new KcrError('OPTION', { where, found: String(found), fix });

/** Up to this shape Jöhnk's method needs few tries: 6 at 2, but 10^11 at 20. */
const JOHNK = 2;

/** A seeded stream of random numbers whose state can be saved and restored exactly. */
export class Generator {
  #stream: RandomGenerator;

  /** @param seed a whole number @throws KcrError `OPTION` */
  constructor(readonly seed: number) {
    if (!Number.isSafeInteger(seed)) throw wrong('seed', seed, 'Give a whole number');
    this.#stream = xoroshiro128plusFromState(firstState(seed));
  }

  /** An independent stream named `label`; the same seed and label always give the same stream. */
  fork(label: string): Generator {
    return new Generator(hash(label, this.seed));
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return uniformFloat64(this.#stream);
  }

  /** Uniform integer in 0..n-1. @throws KcrError `OPTION` where `n` is no whole number from 1 */
  integer(n: number): number {
    if (!(Number.isSafeInteger(n) && n >= 1))
      throw wrong('integer', n, 'Give a whole number from 1');
    return uniformInt(this.#stream, 0, n - 1);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * Beta with both shapes `alpha`, from 0 to 1: by Jöhnk's method (1964), and for shapes above 2 from two gamma draws.
   *
   * @throws KcrError `OPTION` where `alpha` is not above 0 and finite
   */
  beta(alpha: number): number {
    if (!(alpha > 0 && Number.isFinite(alpha))) throw wrong('beta', alpha, 'Give a shape above 0');
    if (alpha > JOHNK) {
      const [x, y] = [this.#gammaShare(alpha), this.#gammaShare(alpha)];
      return x / (x + y);
    }
    for (;;) {
      const [u, v] = [this.uniform(), this.uniform()];
      const [x, y] = [u ** (1 / alpha), v ** (1 / alpha)];
      if (x + y > 0 && x + y <= 1) return x / (x + y);
      // Both powers of a small shape are too small for a float: their ratio is not.
      if (x + y === 0 && u > 0 && v > 0) return 1 / (1 + (v / u) ** (1 / alpha));
    }
  }

  /** A gamma draw of a shape above 1, over (shape - 1/3) (Marsaglia and Tsang 2000). */
  #gammaShare(shape: number): number {
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < x ** 2 / 2 + d * (1 - v + Math.log(v))) return v;
    }
  }

  /** Standard Gumbel, -log(-log U). */
  gumbel(): number {
    return -Math.log(-Math.log(this.uniform() + 1e-12) + 1e-12);
  }

  /** Standard logistic, the difference of two standard Gumbels; its 65,536 values are equally likely. */
  logistic(): number {
    return logisticQuantiles()[this.#stream.next() >>> 16]!;
  }

  /** `n` numbers of one distribution. */
  array(n: number, draw: Draw): Float32Array {
    const array = new Float32Array(n);
    if (draw !== 'logistic') return array.map(() => this[draw]());
    // Masks of activations take millions of these in a step, so each draw of 32 bits gives two.
    const quantiles = logisticQuantiles();
    for (let i = 0; i < n; i += 2) {
      const bits = this.#stream.next();
      array[i] = quantiles[bits >>> 16]!;
      if (i + 1 < n) array[i + 1] = quantiles[bits & 0xffff]!;
    }
    return array;
  }

  /**
   * An index, in proportion to its weight; weights of 0 are never picked while others are left.
   *
   * @throws KcrError `OPTION` where there are no weights, or their sum is no number from 0
   */
  pick(weights: Float64Array): number {
    const sum = weights.reduce((total, w) => (w >= 0 ? total + w : Number.NaN), 0);
    if (weights.length === 0 || !Number.isFinite(sum))
      throw wrong(
        'pick',
        `${weights.length} weights of the sum ${sum}`,
        'Give finite weights from 0',
      );
    let rest = this.uniform() * sum;
    let last = 0;
    for (let i = 0; i < weights.length; i++) {
      if (weights[i]! === 0) continue;
      last = i;
      rest -= weights[i]!;
      if (rest < 0) return i;
    }
    return last;
  }

  /** A random order of 0..n-1 (Fisher-Yates). @throws KcrError `OPTION` where `n` is no whole number from 0 below 2^31 */
  permutation(n: number): Int32Array {
    if (!(Number.isInteger(n) && n >= 0 && n < 2 ** 31))
      throw wrong('permutation', n, 'Give a whole number from 0');
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    return order;
  }

  /** The state, as plain numbers that JSON keeps exactly. */
  get state(): readonly number[] {
    return this.#stream.getState();
  }

  set state(state: readonly number[]) {
    this.#stream = xoroshiro128plusFromState([...state]);
  }
}
