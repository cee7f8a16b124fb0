import { KcrError } from '@kcr/core';
import type { Features } from '@kcr/features';
import { Matrix } from 'ml-matrix';
import { CovarianceSum } from './spectrum.ts';

/** What least squares needs to know of labelled images: F their features [n, d], Y their classes as one-hot rows. */
export interface LabelledMoments {
  readonly n: number;
  /** S = F^T F / n, [d, d] */
  readonly s: Matrix;
  /** F^T Y / n, [d, classes] */
  readonly cross: Matrix;
}

/** F^T Y / n of images that come part by part, so that memory is d times the classes and not n d. */
export class CrossSum {
  /** Images so far. */
  n = 0;
  /** Y^T F, [classes, d]: an image adds to one row. */
  readonly #sum: Float64Array;

  constructor(
    readonly d: number,
    readonly classes: number,
  ) {
    this.#sum = new Float64Array(classes * d);
  }

  /**
   * Adds images and the class of each.
   *
   * @throws KcrError `LABELS` for another number of labels, and for one that is no class
   */
  add({ n, d, data }: Features, labels: ArrayLike<number>): void {
    const isClass = (label: number) =>
      Number.isInteger(label) && label >= 0 && label < this.classes;
    const wrong = Array.from(labels).findIndex((label) => !isClass(label));
    if (labels.length !== n || wrong >= 0)
      throw new KcrError('LABELS', {
        where: wrong < 0 ? 'labels of features' : `label ${wrong}`,
        found: wrong < 0 ? `${labels.length} labels for ${n} images` : String(labels[wrong]),
        fix: `Give each image a class from 0 to ${this.classes - 1}`,
      });
    for (let i = 0; i < n; i++) {
      const row = this.#sum.subarray(labels[i]! * d, (labels[i]! + 1) * d);
      for (let j = 0; j < d; j++) row[j]! += data[i * d + j]!;
    }
    this.n += n;
  }

  /** F^T Y / n of the images so far, [d, classes]. */
  matrix(): Matrix {
    const { d, classes } = this;
    return Matrix.from1DArray(classes, d, this.#sum).transpose().div(Math.max(this.n, 1));
  }
}

/**
 * S and F^T Y / n of labelled images that come part by part.
 *
 * @param labels the class of each image, in the order of the parts
 * @throws KcrError `LABELS`
 */
export async function labelledMoments(
  parts: AsyncIterable<Features> | Iterable<Features>,
  { d, labels, classes }: { d: number; labels: Int32Array; classes: number },
): Promise<LabelledMoments> {
  const [s, cross] = [new CovarianceSum(d), new CrossSum(d, classes)];
  for await (const part of parts) {
    cross.add(part, labels.subarray(s.n, s.n + part.n));
    s.add(part);
  }
  return { n: s.n, s: s.matrix(), cross: cross.matrix() };
}
