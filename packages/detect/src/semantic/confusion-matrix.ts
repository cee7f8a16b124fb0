import { KcrError } from '@kcr/core';

/** How well predicted label maps fit the true ones. */
export interface SemanticSummary {
  /** Intersection over union by class; NaN for classes that are neither there nor predicted. */
  iou: Float64Array;
  /** Mean over the classes that have one. */
  meanIou: number;
  /** Share of the pixels that are right. */
  pixelAccuracy: number;
}

/** Counts pixels of label maps by true and predicted class. */
export class ConfusionMatrix {
  /** Row-major, true class by predicted class. */
  readonly counts: Float64Array;

  /** @param ignore label of pixels that do not count, in the truth */
  constructor(
    readonly classes: number,
    readonly ignore = 255,
  ) {
    this.counts = new Float64Array(classes * classes);
  }

  /**
   * Adds label maps of one shape.
   *
   * @throws KcrError `LABEL_MAP` for another number of pixels, or labels that are no class
   */
  add(truth: ArrayLike<number>, prediction: ArrayLike<number>): void {
    const refuse = (found: string) => {
      throw new KcrError('LABEL_MAP', {
        where: 'ConfusionMatrix',
        found,
        fix: `Give maps of one shape with labels 0..${this.classes - 1}, or ${this.ignore} to ignore`,
      });
    };
    if (truth.length !== prediction.length)
      refuse(`${prediction.length} predicted pixels for ${truth.length}`);
    const isClass = (label: number) =>
      Number.isInteger(label) && label >= 0 && label < this.classes;
    for (let i = 0; i < truth.length; i++) {
      const [own, found] = [truth[i]!, prediction[i]!];
      if (own === this.ignore) continue;
      if (!isClass(own)) refuse(`the true label ${own}`);
      if (!isClass(found)) refuse(`the predicted label ${found}`);
      this.counts[own * this.classes + found]!++;
    }
  }

  get summary(): SemanticSummary {
    const { classes, counts } = this;
    const iou = new Float64Array(classes);
    let [right, all] = [0, 0];
    for (let c = 0; c < classes; c++) {
      let [truth, predicted] = [0, 0];
      for (let other = 0; other < classes; other++) {
        truth += counts[c * classes + other]!;
        predicted += counts[other * classes + c]!;
      }
      const hit = counts[c * classes + c]!;
      iou[c] = hit / (truth + predicted - hit);
      right += hit;
      all += truth;
    }
    const present = iou.filter((x) => !Number.isNaN(x));
    return {
      iou,
      meanIou: present.reduce((sum, x) => sum + x, 0) / present.length,
      pixelAccuracy: right / all,
    };
  }
}
