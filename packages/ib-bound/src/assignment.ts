import { type Features, KcrError, shapeText } from '@kcr/core';

/** Options of {@link Assigner}. */
export interface AssignmentOptions {
  /** Inverse temperature. Default 1. */
  beta?: number;
  /** Scale points and centroids to length 1 first, so that squared distances are in 0..4. Default true. */
  normalize?: boolean;
}

/** Rows of length 1, in float64; rows of zeros stay. */
export function unitRows({ n, d, data }: Features): Features {
  const unit = Float64Array.from(data);
  for (let i = 0; i < n; i++) {
    const row = unit.subarray(i * d, (i + 1) * d);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
    if (length > 0) for (let j = 0; j < d; j++) row[j]! /= length;
  }
  return { n, d, data: unit };
}

/**
 * Squared distances of a row of `points` from all centroids, in float64.
 *
 * @param distances [centroids.n], is written
 */
export function squaredDistances(
  { d, data }: Features,
  row: number,
  { n, data: centers }: Features,
  distances: Float64Array,
): void {
  const start = row * d;
  for (let k = 0; k < n; k++) {
    const at = k * d;
    // Four sums of their own, which the processor adds side by side.
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    let j = 0;
    for (; j + 3 < d; j += 4) {
      const x0 = data[start + j]! - centers[at + j]!;
      const x1 = data[start + j + 1]! - centers[at + j + 1]!;
      const x2 = data[start + j + 2]! - centers[at + j + 2]!;
      const x3 = data[start + j + 3]! - centers[at + j + 3]!;
      s0 += x0 * x0;
      s1 += x1 * x1;
      s2 += x2 * x2;
      s3 += x3 * x3;
    }
    for (; j < d; j++) s0 += (data[start + j]! - centers[at + j]!) ** 2;
    distances[k] = s0 + s1 + s2 + s3;
  }
}

/**
 * Soft assignments of points to clusters, phi(x, a) = softmax_a( -beta ||x - c_a||^2 ), point by point in
 * float64 and by way of the log-softmax (DCS 3.3).
 */
export class Assigner {
  readonly clusters: number;
  /** log phi of the row that {@link assign} was last called for, [clusters]. */
  readonly log: Float64Array;
  /** phi of that row, [clusters]. */
  readonly phi: Float64Array;
  readonly #points: Features;
  readonly #centroids: Features;
  readonly #beta: number;

  /** @throws KcrError `CENTROIDS_SHAPE` */
  constructor(
    points: Features,
    centroids: Features,
    { beta = 1, normalize = true }: AssignmentOptions = {},
  ) {
    if (points.d !== centroids.d)
      throw new KcrError('CENTROIDS_SHAPE', {
        where: 'soft assignments',
        found: `centroids of ${shapeText([centroids.n, centroids.d])} for points of ${points.d} values`,
        fix: 'Give centroids in the space of the points, [clusters, d]',
      });
    this.#points = normalize ? unitRows(points) : points;
    this.#centroids = normalize ? unitRows(centroids) : centroids;
    this.#beta = beta;
    this.clusters = centroids.n;
    this.log = new Float64Array(centroids.n);
    this.phi = new Float64Array(centroids.n);
  }

  /** Computes `log` and `phi` of a row. */
  assign(row: number): void {
    const { log, phi } = this;
    squaredDistances(this.#points, row, this.#centroids, log);
    let nearest = Number.POSITIVE_INFINITY;
    for (const square of log) if (square < nearest) nearest = square;
    let sum = 0;
    for (let a = 0; a < log.length; a++) {
      log[a] = -this.#beta * (log[a]! - nearest);
      sum += Math.exp(log[a]!);
    }
    const shift = Math.log(sum);
    for (let a = 0; a < log.length; a++) {
      log[a]! -= shift;
      phi[a] = Math.exp(log[a]!);
    }
  }
}
