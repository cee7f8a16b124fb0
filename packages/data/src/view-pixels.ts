import type { Pixels } from './image.ts';
import { type Interpolation, resample } from './resample.ts';
import type { View } from './view.ts';

/** Where an axis of the canvas reads the resized image: its position, which may lie outside. */
const readAt = (at: number, canvas: number, offset: number, flip: boolean | undefined): number =>
  (flip ? canvas - 1 - at : at) + offset;

/** For each row (or column) of the canvas, the row of the resized image; -1 where there is none. */
function lines(canvas: number, scaled: number, offset: number, flip?: boolean): Int32Array {
  return Int32Array.from({ length: canvas }, (_, i) => {
    const at = readAt(i, canvas, offset, flip);
    return at >= 0 && at < scaled ? at : -1;
  });
}

/** Rows and columns of the resized image, by those of the canvas. */
const linesOf = ({ canvas, scaled, top, left, flipX, flipY }: View) => ({
  rows: lines(canvas.height, scaled.height, top, flipY),
  columns: lines(canvas.width, scaled.width, left, flipX),
});

/** The row of the image that a row of the resized one reads at its centre. */
const nearest = (at: number, scaled: number, source: number): number =>
  at < 0 ? -1 : Math.floor(((at + 0.5) * source) / scaled);

/** The part of an axis of the resized image that the canvas shows. */
function shown(canvas: number, scaled: number, offset: number): { start: number; length: number } {
  const start = Math.min(Math.max(offset, 0), scaled);
  return { start, length: Math.max(Math.min(offset + canvas, scaled) - start, 0) };
}

/**
 * The canvas with the image on it, {@link resample}d.
 *
 * @param fill value of each channel where the image does not reach
 */
export function viewImage(
  image: Pixels,
  view: View,
  fill: readonly number[],
  interpolation: Interpolation = 'bilinear',
): Pixels {
  const { canvas, scaled } = view;
  const channels = image.shape[2];
  const down = shown(canvas.height, scaled.height, view.top);
  const across = shown(canvas.width, scaled.width, view.left);
  const data = new Uint8Array(canvas.height * canvas.width * channels);
  const seen = down.length > 0 && across.length > 0;
  const part = { top: down.start, left: across.start, height: down.length, width: across.length };
  const resized = seen ? resample(image, scaled, { interpolation, part }) : undefined;
  if (
    resized &&
    down.length === canvas.height &&
    across.length === canvas.width &&
    !view.flipX &&
    !view.flipY
  )
    return resized;
  const { rows, columns } = linesOf(view);
  let to = 0;
  for (const row of rows)
    for (const column of columns)
      for (let c = 0; c < channels; c++)
        data[to++] =
          !resized || row < 0 || column < 0
            ? fill[c % fill.length]!
            : resized.data[((row - part.top) * part.width + column - part.left) * channels + c]!;
  return { data, shape: [canvas.height, canvas.width, channels] };
}

/** The canvas with a map of labels on it, each pixel the nearest one's; `fill` where there is none. */
export function viewLabels(labels: Uint8Array, view: View, fill: number): Uint8Array {
  const { canvas, scaled, source } = view;
  const { rows, columns } = linesOf(view);
  const across = columns.map((column) => nearest(column, scaled.width, source.width));
  const data = new Uint8Array(canvas.height * canvas.width);
  let to = 0;
  for (const row of rows) {
    const from = nearest(row, scaled.height, source.height);
    for (const column of across)
      data[to++] = from < 0 || column < 0 ? fill : labels[from * source.width + column]!;
  }
  return data;
}
