import { type Box, type Rle, rleFromMask, type Size } from '@kcr/data';

/**
 * The mask of an image from one over a box: read bilinearly at the centres of the image's pixels, and cut at a half, as
 * OpenMMLab pastes masks.
 *
 * @param mask probabilities, size x size
 * @param box in pixels of the image
 */
export function pasteMask(
  mask: ArrayLike<number>,
  size: number,
  box: Box,
  { height, width }: Size,
): Rle {
  const [left, top, right, bottom] = box;
  const within = (x: number, most: number) => Math.min(Math.max(x, 0), most);
  const [x0, y0] = [within(Math.floor(left), width), within(Math.floor(top), height)];
  const part = {
    left: x0,
    top: y0,
    width: within(Math.ceil(right), width) - x0,
    height: within(Math.ceil(bottom), height) - y0,
  };
  const pixels = new Uint8Array(Math.max(part.width * part.height, 0));
  const at = (place: number, low: number, high: number) =>
    ((place + 0.5 - low) / Math.max(high - low, 1e-6)) * size - 0.5;
  const cell = (i: number, j: number) =>
    i >= 0 && i < size && j >= 0 && j < size ? mask[i * size + j]! : 0;
  for (let y = 0; y < part.height; y++)
    for (let x = 0; x < part.width; x++) {
      const [v, u] = [at(y0 + y, top, bottom), at(x0 + x, left, right)];
      const [i, j] = [Math.floor(v), Math.floor(u)];
      const [down, across] = [v - i, u - j];
      const above = cell(i, j) * (1 - across) + cell(i, j + 1) * across;
      const below = cell(i + 1, j) * (1 - across) + cell(i + 1, j + 1) * across;
      pixels[y * part.width + x] = above * (1 - down) + below * down >= 0.5 ? 1 : 0;
    }
  return rleFromMask(pixels, height, width, part);
}
