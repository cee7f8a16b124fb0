import type { CompiledStep, Normalization } from '@kcr/core';
import {
  type ClassMap,
  canvasPoint,
  fillOf,
  normalised,
  type Pixels,
  type Size,
  type TestViewOptions,
  testViews,
  type View,
  viewImage,
} from '@kcr/data';

export interface SegmentOptions extends TestViewOptions {
  normalization: Normalization;
  /** [height, width, channels] of what the model takes. */
  shape: readonly [number, number, number];
}

/** Where positions along an axis of the image read a map: the step before, and the share of the one after. */
interface Reading {
  /** Below 0: outside the view. */
  low: Int32Array;
  high: Int32Array;
  share: Float32Array;
}

/** @param at the centre of each pixel on the canvas, in pixels */
function readings(at: readonly number[], canvas: number, steps: number): Reading {
  const low = new Int32Array(at.length);
  const high = new Int32Array(at.length);
  const share = new Float32Array(at.length);
  at.forEach((place, i) => {
    const step = Math.min(Math.max((place * steps) / canvas - 0.5, 0), steps - 1);
    low[i] = place >= 0 && place <= canvas ? Math.floor(step) : -1;
    high[i] = Math.min(Math.floor(step) + 1, steps - 1);
    share[i] = step - Math.floor(step);
  });
  return { low, high, share };
}

/** Sums of class probabilities over views, for each pixel of the image. */
class Votes {
  readonly #sums: Float32Array;

  constructor(
    private readonly size: Size,
    private readonly classes: number,
  ) {
    this.#sums = new Float32Array(size.height * size.width * classes);
  }

  /** Adds a view's probabilities. @param logits [1, height, width, classes] of its canvas */
  add(logits: Float32Array, [rows, columns]: readonly [number, number], view: View): void {
    const { height, width } = this.size;
    const { classes } = this;
    const centres = (length: number, place: (i: number) => number) =>
      Array.from({ length }, (_, i) => place(i + 0.5));
    const y = readings(
      centres(height, (at) => canvasPoint(at, 0, view)[0]),
      view.canvas.height,
      rows,
    );
    const x = readings(
      centres(width, (at) => canvasPoint(0, at, view)[1]),
      view.canvas.width,
      columns,
    );
    const pixel = new Float64Array(classes);
    for (let i = 0; i < height; i++)
      for (let j = 0; j < width; j++) {
        if (y.low[i]! < 0 || x.low[j]! < 0) continue;
        const [down, right] = [y.share[i]!, x.share[j]!];
        const corner = (row: number, column: number) => (row * columns + column) * classes;
        const [a, b] = [corner(y.low[i]!, x.low[j]!), corner(y.low[i]!, x.high[j]!)];
        const [c, d] = [corner(y.high[i]!, x.low[j]!), corner(y.high[i]!, x.high[j]!)];
        for (let k = 0; k < classes; k++) {
          const above = logits[a + k]! * (1 - right) + logits[b + k]! * right;
          const below = logits[c + k]! * (1 - right) + logits[d + k]! * right;
          pixel[k] = above * (1 - down) + below * down;
        }
        this.#vote((i * width + j) * classes, pixel);
      }
  }

  /** Adds the softmax of one pixel's logits. */
  #vote(at: number, logits: Float64Array): void {
    let most = Number.NEGATIVE_INFINITY;
    for (const x of logits) if (x > most) most = x;
    let sum = 0;
    for (const x of logits) sum += Math.exp(x - most);
    for (let k = 0; k < logits.length; k++)
      this.#sums[at + k]! += Math.exp(logits[k]! - most) / sum;
  }

  /** The class with the most votes; of equal ones the first. */
  get winners(): ClassMap {
    const { height, width } = this.size;
    const data = new Uint8Array(height * width);
    for (let i = 0; i < data.length; i++) {
      let best = 0;
      for (let k = 1; k < this.classes; k++)
        if (this.#sums[i * this.classes + k]! > this.#sums[i * this.classes + best]!) best = k;
      data[i] = best;
    }
    return { data, height, width };
  }
}

/**
 * The class of each pixel of an image, at its own size: probabilities are read bilinearly and added over the views.
 *
 * @param inference gives `logits` [1, height, width, classes] of a canvas
 */
export async function segmentImage(
  inference: CompiledStep,
  pixels: Pixels,
  { normalization, shape, ...options }: SegmentOptions,
): Promise<ClassMap> {
  const [height, width] = pixels.shape;
  const canvas = { height: shape[0], width: shape[1] };
  let votes: Votes | undefined;
  for (const view of testViews({ height, width }, canvas, options)) {
    const image = await viewImage(pixels, view, fillOf(normalization));
    const { logits } = await inference({ image: normalised([image], normalization) });
    const [, rows, columns, classes] = logits!.shape as [number, number, number, number];
    votes ??= new Votes({ height, width }, classes);
    votes.add(logits!.data as Float32Array, [rows, columns], view);
  }
  return votes!.winners;
}
