import type { Matrix } from 'ml-matrix';
import type { LabelledMoments } from './labelled-sums.ts';
import { times, transposedTimes } from './matrices.ts';
import { type Eigen, eigen } from './spectrum.ts';

/** A direction whose variance is this share of the largest has no eigenvector of K. */
const FLAT = 1e-12;

/**
 * Gradient descent on the last layer alone, from 0, on the squared loss of one-hot classes (KCR eq. 7), in closed form: after t steps
 * W_t = sum_i v_i (1 - (1 - e l_i)^t) / l_i (v_i^T F^T Y / n), with l_i, v_i the eigenpairs of S.
 */
export class LastLayer {
  /** Images that it learns from. */
  readonly n: number;
  /** e, below 2 / the largest eigenvalue. */
  readonly stepSize: number;
  readonly #spectrum: Eigen;
  /** V^T F^T Y / n, [d, classes] */
  readonly #projected: Matrix;

  /**
   * @param train what it learns from
   * @param spectrum eigenpairs of S, where they are known
   * @param stepSize default 0.9 / the largest eigenvalue
   */
  constructor(train: LabelledMoments, spectrum = eigen(train.s), stepSize?: number) {
    this.n = train.n;
    this.#spectrum = spectrum;
    this.#projected = transposedTimes(spectrum.vectors, train.cross);
    this.stepSize = stepSize ?? 0.9 / (spectrum.values[0] || 1);
  }

  /** L_n(t) = (1/n) ||(I - e K)^t Y||_F^2 after t steps. */
  trainingLoss(step: number): number {
    let [inside, outside] = [0, 1];
    this.#spectrum.values.forEach((value, i) => {
      if (this.#isFlat(value)) return;
      // (1/n) ||u_i^T Y||^2, u_i = F v_i / sqrt(n l_i).
      const energy = squares(this.#projected.getRow(i)) / value;
      inside += (1 - this.stepSize * value) ** (2 * step) * energy;
      outside -= energy;
    });
    return inside + Math.max(outside, 0);
  }

  /** W_t, [d, classes]. */
  weights(step: number): Matrix {
    const learnt = this.#projected.clone();
    this.#spectrum.values.forEach((value, i) => {
      const factor = this.#isFlat(value) ? 0 : (1 - (1 - this.stepSize * value) ** step) / value;
      learnt.mulRow(i, factor);
    });
    return times(this.#spectrum.vectors, learnt);
  }

  /** The squared loss of W_t on other images: tr(W^T S W) - 2 tr(W^T F^T Y / n) + 1. */
  loss({ s, cross }: Omit<LabelledMoments, 'n'>, step: number): number {
    const w = this.weights(step);
    return w.dot(times(s, w)) - 2 * w.dot(cross) + 1;
  }

  #isFlat(value: number): boolean {
    return value <= FLAT * (this.#spectrum.values[0] || 1);
  }
}

const squares = (row: readonly number[]): number => row.reduce((sum, x) => sum + x * x, 0);
