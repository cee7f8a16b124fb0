import {
  axisWeights,
  type Preprocessing,
  RESAMPLING_KERNELS,
  type ResamplingKernel,
} from '@kcr/core/ground';
import type { Pixels } from './image.ts';
import { type Coefficients, fastColumns, fastRows } from './resample-fast.ts';
import type { Size } from './view.ts';

/** A part of an image, in whole pixels. */
export interface PixelRegion extends Size {
  readonly left: number;
  readonly top: number;
}

/** How values between pixels are found, under Pillow's names. */
export type Interpolation = Preprocessing['interpolation'];

/** Bits after the point of a weight: 8 are for the value, 2 for weights that sum to more than 1 before they cancel. */
const BITS = 32 - 8 - 2;
const HALF = 1 << (BITS - 1);

/** A part of an axis, in pixels. */
interface Span {
  readonly start: number;
  readonly length: number;
}

/** The coefficients of a part of the outputs of an axis that goes from `from` to `to` pixels, as whole numbers of `BITS` bits. */
function coefficientsOf(
  kernel: ResamplingKernel,
  from: number,
  to: number,
  span: Span,
): Coefficients {
  const axis = axisWeights(kernel, from, to, span);
  const weights = new Int32Array(axis.weights.length);
  for (let i = 0; i < weights.length; i++) {
    const weight = axis.weights[i]! * 2 ** BITS;
    // Cut off where it is stored.
    weights[i] = weight + (weight < 0 ? -0.5 : 0.5);
  }
  return { ...axis, weights };
}

/** Rows `top` to `top + rows - 1` from column `left` on, each with the columns of the coefficients. */
function resampleRows(
  image: Pixels,
  { left, top }: { left: number; top: number },
  rows: number,
  coefficients: Coefficients,
): Pixels {
  const { first, counts, weights, most } = coefficients;
  const { data } = image;
  const [, width, channels] = image.shape;
  const columns = first.length;
  const fast = fastRows(image, { left, top }, rows, coefficients);
  if (fast) return { data: fast, shape: [rows, columns, channels] };
  // Values beyond 0..255 are cut off where they are stored.
  const out = new Uint8ClampedArray(rows * columns * channels);
  let to = 0;
  for (let y = 0; y < rows; y++) {
    const row = ((top + y) * width + left) * channels;
    for (let x = 0; x < columns; x++) {
      let at = row + first[x]! * channels;
      const start = x * most;
      const end = start + counts[x]!;
      if (channels === 3) {
        let red = HALF;
        let green = HALF;
        let blue = HALF;
        for (let k = start; k < end; k++, at += 3) {
          const weight = weights[k]!;
          red = (red + Math.imul(data[at]!, weight)) | 0;
          green = (green + Math.imul(data[at + 1]!, weight)) | 0;
          blue = (blue + Math.imul(data[at + 2]!, weight)) | 0;
        }
        out[to] = red >> BITS;
        out[to + 1] = green >> BITS;
        out[to + 2] = blue >> BITS;
      } else
        for (let c = 0; c < channels; c++) {
          let sum = HALF;
          for (let k = start; k < end; k++)
            sum += Math.imul(data[at + (k - start) * channels + c]!, weights[k]!);
          out[to + c] = sum >> BITS;
        }
      to += channels;
    }
  }
  return { data: new Uint8Array(out.buffer), shape: [rows, columns, channels] };
}

/** The rows of the coefficients, of an image whose first row is row `top` of what they count. */
function resampleColumns(image: Pixels, top: number, coefficients: Coefficients): Pixels {
  const { first, counts, weights, most } = coefficients;
  const { data } = image;
  const [, width, channels] = image.shape;
  const length = width * channels;
  const fast = fastColumns(image, top, coefficients);
  if (fast) return { data: fast, shape: [first.length, width, channels] };
  // Values beyond 0..255 are cut off where they are stored.
  const out = new Uint8ClampedArray(first.length * length);
  let to = 0;
  for (let y = 0; y < first.length; y++) {
    const start = y * most;
    const end = start + counts[y]!;
    const row = (first[y]! - top) * length;
    let i = row;
    // Four sums at once: a weight is read once for four.
    for (; i + 3 < row + length; i += 4) {
      let [a, b, c, d] = [HALF, HALF, HALF, HALF];
      for (let k = start, at = i; k < end; k++, at += length) {
        const weight = weights[k]!;
        a = (a + Math.imul(data[at]!, weight)) | 0;
        b = (b + Math.imul(data[at + 1]!, weight)) | 0;
        c = (c + Math.imul(data[at + 2]!, weight)) | 0;
        d = (d + Math.imul(data[at + 3]!, weight)) | 0;
      }
      out[to++] = a >> BITS;
      out[to++] = b >> BITS;
      out[to++] = c >> BITS;
      out[to++] = d >> BITS;
    }
    for (; i < row + length; i++) {
      let sum = HALF;
      for (let k = start, at = i; k < end; k++, at += length)
        sum = (sum + Math.imul(data[at]!, weights[k]!)) | 0;
      out[to++] = sum >> BITS;
    }
  }
  return { data: new Uint8Array(out.buffer), shape: [first.length, width, channels] };
}

/** A part of an image as it is. */
export function cropped(image: Pixels, { left, top, width, height }: PixelRegion): Pixels {
  const [rows, columns, channels] = image.shape;
  if (left === 0 && top === 0 && width === columns && height === rows) return image;
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * columns + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { data, shape: [height, width, channels] };
}

export interface ResampleOptions {
  interpolation: Interpolation;
  /** The part of the image that is resized, as if it were the whole. Default: all of it. */
  from?: PixelRegion;
  /** The part of the resized image that is given; only this much is computed. Default: all of it. */
  part?: PixelRegion;
}

const whole = ({ height, width }: Size): PixelRegion => ({ left: 0, top: 0, height, width });

/**
 * An image at another size, to the bit as Pillow's `Image.resize` gives it (`Resample.c`): each axis by itself, columns first,
 * with weights in fixed point and values of 8 bits in between; the kernel widens where the image becomes smaller.
 *
 * @param size height and width of the resized image
 */
export function resample(
  image: Pixels,
  size: Size,
  {
    interpolation,
    from = whole({ height: image.shape[0], width: image.shape[1] }),
    part = whole(size),
  }: ResampleOptions,
): Pixels {
  const kernel = RESAMPLING_KERNELS[interpolation];
  const across = size.width !== from.width;
  const down = size.height !== from.height;
  const rows = down
    ? coefficientsOf(kernel, from.height, size.height, { start: part.top, length: part.height })
    : undefined;
  // The rows that the second pass reads.
  const top = rows ? rows.first[0]! : part.top;
  const bottom = rows ? rows.first.at(-1)! + rows.counts.at(-1)! : part.top + part.height;
  const wide = across
    ? resampleRows(
        image,
        { left: from.left, top: from.top + top },
        bottom - top,
        coefficientsOf(kernel, from.width, size.width, { start: part.left, length: part.width }),
      )
    : cropped(image, {
        left: from.left + part.left,
        top: from.top + top,
        width: part.width,
        height: bottom - top,
      });
  return rows ? resampleColumns(wide, top, rows) : wide;
}
