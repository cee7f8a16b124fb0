import { canvasPoint, type View } from '@kcr/data';

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
export interface CanvasLogits {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly classes: number;
}

/** Reads the logits of each pixel of an image that a view shows, bilinearly. `values` are the same array each time. */
export function readPixels(
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
