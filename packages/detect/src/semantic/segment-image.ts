import type { CompiledStep, Normalization } from '@kcr/core';
import {
  type ClassMap,
  fillOf,
  normalised,
  type Pixels,
  type TestViewOptions,
  testViews,
  type View,
  viewImage,
} from '@kcr/data';
import { type CanvasLogits, readPixels } from './read-pixels.ts';

export interface SegmentOptions extends TestViewOptions {
  normalization: Normalization;
  /** [height, width, channels] of what the model takes. */
  shape: readonly [number, number, number];
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
    const image = viewImage(pixels, view, fillOf(normalization));
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
