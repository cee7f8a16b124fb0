import { KcrError, shapeText } from '@kcr/core';
import { type Features, squaredDistances, unitRows } from '@kcr/features';

/** Options of {@link Assigner}. */
export interface AssignmentOptions {
  /** Inverse temperature. Default 1. */
  beta?: number;
  /** Scale points and centroids to length 1 first, so that squared distances are in 0..4. Default true. */
  normalize?: boolean;
}

/**
 * Soft assignments of points to clusters, phi(x, a) = softmax_a( -beta ||x - c_a||^2 ), block by block in
 * float64 and by way of the log-softmax (DCS 3.3).
 */
export class Assigner {
  readonly clusters: number;
  readonly #points: Float64Array;
  readonly #centroids: Float64Array;
  readonly #beta: number;
  readonly #d: number;

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
    const values = (x: Features) => Float64Array.from((normalize ? unitRows(x) : x).data);
    this.#points = values(points);
    this.#centroids = values(centroids);
    this.#beta = beta;
    this.#d = points.d;
    this.clusters = centroids.n;
  }

  /** log phi and phi of the rows from `from` to before `to`, [rows, clusters] each. */
  assign(from: number, to: number): { log: Float64Array; phi: Float64Array } {
    const [d, k] = [this.#d, this.clusters];
    const log = new Float64Array((to - from) * k);
    squaredDistances(this.#points.subarray(from * d, to * d), this.#centroids, d, log);
    const phi = new Float64Array(log.length);
    for (let start = 0; start < log.length; start += k) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let a = start; a < start + k; a++) nearest = Math.min(nearest, log[a]!);
      let sum = 0;
      for (let a = start; a < start + k; a++) {
        log[a] = -this.#beta * (log[a]! - nearest);
        sum += Math.exp(log[a]!);
      }
      const shift = Math.log(sum);
      for (let a = start; a < start + k; a++) {
        log[a]! -= shift;
        phi[a] = Math.exp(log[a]!);
      }
    }
    return { log, phi };
  }
}
