import type { CompiledStep, Normalization } from '@kcr/core';
import {
  type ClassMap,
  canvasPoint,
  fillOf,
  normalised,
  type Pixels,
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

/** Logits of a canvas, [1, rows, columns, classes]. */
interface CanvasLogits {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
}

/** Reads the logits of each pixel of an image that a view shows, bilinearly. `values` are the same array each time. */
function readPixels(
  { data, rows, columns, classes }: CanvasLogits,
  view: View,
  each: (pixel: number, values: Float64Array) => void,
): void {
  const { height, width } = view.source;
  const centres = (length: number, place: (at: number) => number) =>
    Array.from({ length }, (_, i) => place(i + 0.5));
  const down = centres(height, (at) => canvasPoint(at, 0, view)[0]);
  const right = centres(width, (at) => canvasPoint(0, at, view)[1]);
  const [y, x] = [
    readings(down, view.canvas.height, rows),
    readings(right, view.canvas.width, columns),
  ];
  const values = new Float64Array(classes);
  const corner = (row: number, column: number) => (row * columns + column) * classes;
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      if (y.low[i]! < 0 || x.low[j]! < 0) continue;
      const [v, u] = [y.share[i]!, x.share[j]!];
      const [a, b] = [corner(y.low[i]!, x.low[j]!), corner(y.low[i]!, x.high[j]!)];
      const [c, d] = [corner(y.high[i]!, x.low[j]!), corner(y.high[i]!, x.high[j]!)];
      for (let k = 0; k < classes; k++) {
        const above = data[a + k]! * (1 - u) + data[b + k]! * u;
        const below = data[c + k]! * (1 - u) + data[d + k]! * u;
        values[k] = above * (1 - v) + below * v;
      }
      each(i * width + j, values);
    }
}

/** The place of the largest of `classes` values from `start` on; of equal ones the first. */
function largest(values: ArrayLike<number>, start: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) if (values[start + k]! > values[start + best]!) best = k;
  return best;
}

/** Adds the softmax of one pixel's logits to its votes. */
function vote(votes: Float32Array, start: number, logits: Float64Array): void {
  const most = logits[largest(logits, 0, logits.length)]!;
  let sum = 0;
  for (const x of logits) sum += Math.exp(x - most);
  for (let k = 0; k < logits.length; k++) votes[start + k]! += Math.exp(logits[k]! - most) / sum;
}

/**
 * The class of each pixel of an image, at its own size: logits are read bilinearly; of several views the probabilities
 * are added.
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
  const look = async (view: View): Promise<CanvasLogits> => {
    const image = await viewImage(pixels, view, fillOf(normalization));
    const { logits } = await inference({ image: normalised([image], normalization) });
    const [, rows, columns, classes] = logits!.shape as [number, number, number, number];
    return { data: logits!.data as Float32Array, rows, columns, classes };
  };
  const map = { data: new Uint8Array(height * width), height, width };
  const [first, ...others] = testViews({ height, width }, canvas, options) as [View, ...View[]];
  const seen = await look(first);
  const { classes } = seen;
  if (others.length === 0) {
    readPixels(seen, first, (pixel, values) => {
      map.data[pixel] = largest(values, 0, classes);
    });
    return map;
  }
  const votes = new Float32Array(height * width * classes);
  const add = (logits: CanvasLogits, view: View) =>
    readPixels(logits, view, (pixel, values) => vote(votes, pixel * classes, values));
  add(seen, first);
  for (const view of others) add(await look(view), view);
  for (let pixel = 0; pixel < map.data.length; pixel++)
    map.data[pixel] = largest(votes, pixel * classes, classes);
  return map;
}
