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
  readonly #points: Features;
  readonly #centroids: Float64Array;
  readonly #beta: number;
  readonly #normalize: boolean;

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
    this.#points = points;
    this.#centroids = Float64Array.from((normalize ? unitRows(centroids) : centroids).data);
    this.#beta = beta;
    this.#normalize = normalize;
    this.clusters = centroids.n;
  }

  /** log phi and phi of the rows from `from` to before `to`, [rows, clusters] each. */
  assign(from: number, to: number): { log: Float64Array; phi: Float64Array } {
    const { d } = this.#points;
    const k = this.clusters;
    const log = new Float64Array((to - from) * k);
    squaredDistances(this.#values(from, to), this.#centroids, d, log);
    const phi = new Float64Array(log.length);
    for (let start = 0; start < log.length; start += k) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let a = start; a < start + k; a++) nearest = Math.min(nearest, log[a]!);
      let sum = 0;
      for (let a = start; a < start + k; a++) {
        log[a] = -this.#beta * (log[a]! - nearest);
        phi[a] = Math.exp(log[a]!);
        sum += phi[a]!;
      }
      const [shift, scale] = [Math.log(sum), 1 / sum];
      for (let a = start; a < start + k; a++) {
        log[a]! -= shift;
        phi[a]! *= scale;
      }
    }
    return { log, phi };
  }

  /** The rows, in float64 and of length 1 where that is asked for: of a block at a time, so that no copy of all points is made. */
  #values(from: number, to: number): Float64Array {
    const { d, data } = this.#points;
    const values = new Float64Array((to - from) * d);
    for (let at = 0; at < values.length; at++) values[at] = data[from * d + at]!;
    if (!this.#normalize) return values;
    return unitRows({ n: to - from, d, data: values }).data as Float64Array;
  }
}
