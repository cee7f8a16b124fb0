import type { Pixels } from './image.ts';

const GREY = 128;

/**
 * Moves pixels: output (x, y) is input (a x + b y + c, d x + e y + f), between four pixels; grey outside.
 */
export function affineTransform(
  image: Pixels,
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(image.data.length);
  const at = (x: number, y: number, channel: number) =>
    x >= 0 && x < width && y >= 0 && y < height
      ? image.data[(y * width + x) * channels + channel]!
      : GREY;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [sx, sy] = [a * x + b * y + c, d * x + e * y + f];
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [right, down] = [sx - x0, sy - y0];
      for (let channel = 0; channel < channels; channel++) {
        const above = at(x0, y0, channel) * (1 - right) + at(x0 + 1, y0, channel) * right;
        const below = at(x0, y0 + 1, channel) * (1 - right) + at(x0 + 1, y0 + 1, channel) * right;
        data[(y * width + x) * channels + channel] = Math.round(above * (1 - down) + below * down);
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
