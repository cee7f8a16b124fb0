import type { Pixels } from './image.ts';

const GREY = 128;

/**
 * The number below a half: added to a number from 0 before it is cut off it rounds as `Math.round` does, also 0.5 less the
 * smallest step, without a branch that cannot be foretold, which takes longer than all else.
 */
const HALF = 0.49999999999999994;

/** Where a pixel is read: the pixel left and above, and how far from it. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly right: number;
  readonly down: number;
}

/** A channel between four pixels, of which some lie outside. */
function atBorder({ data, shape }: Pixels, { x, y, right, down }: Place, channel: number): number {
  const [height, width, channels] = shape;
  const at = (column: number, row: number) =>
    column >= 0 && column < width && row >= 0 && row < height
      ? data[(row * width + column) * channels + channel]!
      : GREY;
  const above = at(x, y) * (1 - right) + at(x + 1, y) * right;
  const below = at(x, y + 1) * (1 - right) + at(x + 1, y + 1) * right;
  return Math.round(above * (1 - down) + below * down);
}

/**
 * Moves pixels: output (x, y) is input (a x + b y + c, d x + e y + f), between four pixels; grey outside.
 */
export function affineTransform(
  image: Pixels,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
): Pixels {
  const [height, width, channels] = image.shape;
  const from = image.data;
  const row = width * channels;
  const data = new Uint8Array(from.length).fill(GREY);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += channels) {
      const sx = a * x + b * y + c;
      const sy = d * x + e * y + f;
      if (!(sx >= -1 && sy >= -1 && sx < width && sy < height)) continue;
      // Whole numbers, which places in arrays are found by quickly.
      const x0 = Math.floor(sx) | 0;
      const y0 = Math.floor(sy) | 0;
      const right = sx - x0;
      const down = sy - y0;
      if (x0 < 0 || y0 < 0 || x0 + 1 >= width || y0 + 1 >= height) {
        for (let k = 0; k < channels; k++)
          data[to + k] = atBorder(image, { x: x0, y: y0, right, down }, k);
        continue;
      }
      const left = 1 - right;
      const up = 1 - down;
      const first = y0 * row + x0 * channels;
      for (let k = 0; k < channels; k++) {
        const at = first + k;
        const above = from[at]! * left + from[at + channels]! * right;
        const below = from[at + row]! * left + from[at + row + channels]! * right;
        data[to + k] = above * up + below * down + HALF;
      }
    }
  return { data, shape: image.shape };
}

/** Turns the image about its centre, counter-clockwise. */
export function rotate(image: Pixels, degrees: number): Pixels {
  const [height, width] = image.shape;
  const [cos, sin] = [Math.cos, Math.sin].map((f) => f((-degrees * Math.PI) / 180)) as [
    number,
    number,
  ];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [c, f] = [cx - cos * cx - sin * cy, cy + sin * cx - cos * cy];
  return affineTransform(image, [cos, sin, c, -sin, cos, f]);
}
