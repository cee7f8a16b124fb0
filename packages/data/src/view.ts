import type { Generator } from '@kcr/core';
import { type Pixels, resizePixels } from './image.ts';

/** A height and a width, in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** How an image lies on a canvas: resized, then shifted, then the canvas mirrored. */
export interface View {
  /** Size of the image. */
  readonly source: Size;
  /** Size of the resized image. */
  readonly scaled: Size;
  readonly canvas: Size;
  /** Rows of the resized image above the canvas, and columns left of it; below 0: free space there. */
  readonly top: number;
  readonly left: number;
  readonly flipX?: boolean;
  readonly flipY?: boolean;
}

/** Chooses how an image of a size lies on a canvas; training views are random. */
export type Framing = (source: Size, canvas: Size, generator: Generator) => View;

const scaledBy = ({ height, width }: Size, scale: number): Size => ({
  height: Math.max(Math.round(height * scale), 1),
  width: Math.max(Math.round(width * scale), 1),
});

/** The factor at which an image lies inside the canvas, or covers it. */
const fitScale = (source: Size, canvas: Size, fit: 'inside' | 'cover' = 'inside'): number => {
  const factors = [canvas.height / source.height, canvas.width / source.width];
  return fit === 'inside' ? Math.min(...factors) : Math.max(...factors);
};

/** The whole image as large as the canvas allows, in its upper left corner. */
export const fitted = (source: Size, canvas: Size): View => ({
  source,
  canvas,
  top: 0,
  left: 0,
  scaled: scaledBy(source, fitScale(source, canvas)),
});

export interface ShortSideOptions {
  /** Length of the short side; of several one is drawn for each image. */
  short: number | readonly number[];
  /** Most that the long side may have. */
  long: number;
}

/** The image resized to a short side, with a cap on the long one, and at most as large as the canvas. */
export function withShortSide(source: Size, canvas: Size, short: number, long: number): View {
  const [least, most] = [source.height, source.width].sort((a, b) => a - b) as [number, number];
  const scale = Math.min(short / least, long / most, fitScale(source, canvas));
  return { source, canvas, top: 0, left: 0, scaled: scaledBy(source, scale) };
}

/** {@link withShortSide} with one of several lengths, drawn for each image. */
export const shortSide =
  ({ short, long }: ShortSideOptions): Framing =>
  (source, canvas, generator) => {
    const lengths = [short].flat();
    const length = lengths[lengths.length > 1 ? generator.integer(lengths.length) : 0]!;
    return withShortSide(source, canvas, length, long);
  };

export interface JitterOptions {
  /** Factor of the size, drawn uniformly. */
  scale: readonly [number, number];
  /** What a factor of 1 is: the whole image inside the canvas, or the canvas covered. Default `inside`. */
  fit?: 'inside' | 'cover';
}

/**
 * Large-scale jitter (Ghiasi et al. 2021): the image at a random size, cut at random where it is larger than the canvas
 * and in its upper left corner where it is smaller.
 */
export const scaleJitter =
  ({ scale, fit = 'inside' }: JitterOptions): Framing =>
  (source, canvas, generator) => {
    const factor = scale[0] + (scale[1] - scale[0]) * generator.uniform();
    const scaled = scaledBy(source, factor * fitScale(source, canvas, fit));
    const offset = (length: number, space: number) => {
      const spare = Math.max(length - space, 0);
      return generator.integer(spare + 1);
    };
    return {
      source,
      canvas,
      scaled,
      top: offset(scaled.height, canvas.height),
      left: offset(scaled.width, canvas.width),
    };
  };

export interface FlipOptions {
  /** Probability of mirroring left and right. Default 0.5. */
  horizontal?: number;
  /** Probability of mirroring top and bottom. Default 0. */
  vertical?: number;
}

/** Mirrors views at random. */
export const flipped =
  (framing: Framing, { horizontal = 0.5, vertical = 0 }: FlipOptions = {}): Framing =>
  (source, canvas, generator) => ({
    ...framing(source, canvas, generator),
    flipX: generator.uniform() < horizontal,
    flipY: generator.uniform() < vertical,
  });

export interface TestViewOptions {
  /** Factors of the size. Default [1]. */
  scales?: readonly number[];
  /** Every view mirrored too. Default false. */
  flip?: boolean;
  /** What a factor of 1 is: the whole image inside the canvas, or the canvas covered. Default `inside`. */
  fit?: 'inside' | 'cover';
  /** Share of a canvas by which those beside each other overlap, where an image needs several. Default 1/3. */
  overlap?: number;
}

/** Multi-scale and flip testing: views that together show the whole image, at each scale and mirrored. */
export function testViews(source: Size, canvas: Size, options: TestViewOptions = {}): View[] {
  const { scales = [1], flip = false, fit = 'inside', overlap = 1 / 3 } = options;
  return scales.flatMap((factor) => {
    const scaled = scaledBy(source, factor * fitScale(source, canvas, fit));
    const starts = (length: number, space: number) => {
      const spare = Math.max(length - space, 0);
      const count = Math.ceil(spare / Math.max(Math.round(space * (1 - overlap)), 1)) + 1;
      return Array.from({ length: count }, (_, i) =>
        Math.min(Math.round(i * space * (1 - overlap)), spare),
      );
    };
    return starts(scaled.height, canvas.height).flatMap((top) =>
      starts(scaled.width, canvas.width).flatMap((left) =>
        (flip ? [false, true] : [false]).map((flipX) => ({
          source,
          scaled,
          canvas,
          top,
          left,
          flipX,
        })),
      ),
    );
  });
}

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

/**
 * The canvas with the image on it, resized by linear interpolation (over the area when it becomes smaller).
 *
 * @param fill value of each channel where the image does not reach
 */
export async function viewImage(
  image: Pixels,
  view: View,
  fill: readonly number[],
): Promise<Pixels> {
  const { canvas, scaled } = view;
  const channels = image.shape[2];
  const resized = await resizePixels(image, scaled.height, scaled.width);
  const { rows, columns } = linesOf(view);
  const data = new Uint8Array(canvas.height * canvas.width * channels);
  let to = 0;
  for (const row of rows)
    for (const column of columns)
      for (let c = 0; c < channels; c++)
        data[to++] =
          row < 0 || column < 0
            ? fill[c % fill.length]!
            : resized.data[(row * scaled.width + column) * channels + c]!;
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

/** left, top, right, bottom in pixels. */
export type Box = readonly [number, number, number, number];

type Point = readonly [y: number, x: number];

/** The box between two corners, cut at a border. */
function boxBetween([y0, x0]: Point, [y1, x1]: Point, { height, width }: Size): Box {
  const within = (at: number, most: number) => Math.min(Math.max(at, 0), most);
  return [
    within(Math.min(x0, x1), width),
    within(Math.min(y0, y1), height),
    within(Math.max(x0, x1), width),
    within(Math.max(y0, y1), height),
  ];
}

/** A box of the image on the canvas, cut at its border; it may be left empty. */
export const viewBox = ([left, top, right, bottom]: Box, view: View): Box =>
  boxBetween(canvasPoint(top, left, view), canvasPoint(bottom, right, view), view.canvas);

/** Undoes {@link viewBox}: a box of the canvas on the image, cut at the image's border. */
export const sourceBox = ([left, top, right, bottom]: Box, view: View): Box =>
  boxBetween(sourcePoint(top, left, view), sourcePoint(bottom, right, view), view.source);

/** The point of the image, in pixels of it, under a point of the canvas. */
export function sourcePoint(
  y: number,
  x: number,
  { source, scaled, canvas, top, left, flipX, flipY }: View,
): Point {
  return [
    (((flipY ? canvas.height - y : y) + top) * source.height) / scaled.height,
    (((flipX ? canvas.width - x : x) + left) * source.width) / scaled.width,
  ];
}

/** The point of the canvas under a point of the image: undoes {@link sourcePoint}. */
export function canvasPoint(
  y: number,
  x: number,
  { source, scaled, canvas, top, left, flipX, flipY }: View,
): Point {
  const row = (y * scaled.height) / source.height - top;
  const column = (x * scaled.width) / source.width - left;
  return [flipY ? canvas.height - row : row, flipX ? canvas.width - column : column];
}
