import type { NdArray } from '../ground/array.ts';

/** How well logits name the classes: shares in 0..1, and mean cross-entropy in nats. */
export interface Classification {
  n: number;
  top1: number;
  top5: number;
  loss: number;
}

/** Gathers logits batch by batch; ties and NaN count as wrong, so that constant or broken logits score zero. */
export class ClassificationMeter {
  #n = 0;
  #top1 = 0;
  #top5 = 0;
  #loss = 0;

  /** @param onImage told of each image, in order, whether its class has the largest logit */
  constructor(private readonly onImage?: (right: boolean) => void) {}

  /** Adds float32 [n, classes] logits with their labels. */
  add(logits: NdArray, labels: ArrayLike<number>): void {
    const classes = logits.shape[1]!;
    for (let i = 0; i < labels.length; i++) {
      const row = logits.data.subarray(i * classes, (i + 1) * classes);
      const own = row[labels[i]!]!;
      let above = -1;
      let max = Number.NEGATIVE_INFINITY;
      for (const x of row) {
        if (!(x < own)) above++; // not x >= own, which a NaN would pass by
        if (x > max) max = x;
      }
      let sum = 0;
      for (const x of row) sum += Math.exp(x - max);
      this.#n++;
      if (above < 1) this.#top1++;
      this.onImage?.(above < 1);
      if (above < 5) this.#top5++;
      this.#loss += Math.log(sum) + max - own;
    }
  }

  get result(): Classification {
    const n = Math.max(this.#n, 1);
    return { n: this.#n, top1: this.#top1 / n, top5: this.#top5 / n, loss: this.#loss / n };
  }
}
