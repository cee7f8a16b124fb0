import type { NdArray, Normalization, TokenLayout } from '@kcr/core';
import type { Heat, Picture } from './heat.ts';

/** Normalised images as pixels. */
export function toPictures({ shape, data }: NdArray, { mean, std }: Normalization): Picture[] {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const size = height * width * channels;
  return Array.from({ length: n }, (_, i) => ({
    shape: [height, width, channels],
    data: Uint8Array.from({ length: size }, (_, at) => {
      const c = at % channels;
      const value = data[i * size + at]! * std[c % std.length]! + mean[c % mean.length]!;
      return Math.round(255 * Math.min(Math.max(value, 0), 1));
    }),
  }));
}

/** Pictures that are dark where a map [n, rows, columns] is 0. */
export const dimmed = (pictures: readonly Picture[], { shape, data }: NdArray): Picture[] =>
  pictures.map(({ data: pixels, shape: size }, i) => {
    const [, rows, columns] = shape as [number, number, number];
    const [height, width, channels] = size;
    const shade = (_: number, at: number) => {
      const [y, x] = [Math.floor(at / (width * channels)), Math.floor(at / channels) % width];
      const [row, column] = [Math.floor((y * rows) / height), Math.floor((x * columns) / width)];
      return Math.round(pixels[at]! * (data[(i * rows + row) * columns + column]! > 0 ? 1 : 0.2));
    };
    return { data: pixels.map(shade), shape: size };
  });

/** [n, height, width] as one map each, its largest value 1. */
export function toHeats({ shape, data }: NdArray): Heat[] {
  const [n, height, width] = shape as [number, number, number];
  return Array.from({ length: n }, (_, i) => {
    const values = Float32Array.from(data).subarray(i * height * width, (i + 1) * height * width);
    const most = values.reduce((a, b) => Math.max(a, b), 0) || 1;
    return { height, width, data: values.map((x) => x / most) };
  });
}

/** The mean over the heads of [n, heads, height, width]. */
export function overHeads({ shape, data }: NdArray): NdArray {
  const [n, heads, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const mean = new Float32Array(n * area);
  for (let i = 0; i < data.length; i++) {
    const image = Math.floor(i / (heads * area));
    mean[image * area + (i % area)]! += data[i]! / heads;
  }
  return { dtype: 'float32', shape: [n, height, width], data: mean };
}

/** The first head of [n, heads, height, width]. */
export function firstHead({ shape, data }: NdArray): NdArray {
  const [n, heads, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const first = Float32Array.from({ length: n * area }, (_, i) => {
    const image = Math.floor(i / area);
    return data[image * heads * area + (i % area)]!;
  });
  return { dtype: 'float32', shape: [n, height, width], data: first };
}

/** The first and the last pixel of a cell along a side. */
const cellEnds = (share: number, cells: number, pixels: number): [number, number] => {
  const cell = Math.min(Math.floor(share * cells), cells - 1);
  const first = Math.floor((cell * pixels) / cells);
  return [first, Math.max(first, Math.ceil(((cell + 1) * pixels) / cells) - 1)];
};

/** Pictures with a red frame (in grey ones white) of one pixel around the cell of a map that a point lies in. */
export const framedCell = (
  pictures: readonly Picture[],
  { y, x }: { readonly y: number; readonly x: number },
  layout: Pick<TokenLayout, 'height' | 'width'>,
): Picture[] =>
  pictures.map(({ data, shape }) => {
    const [height, width, channels] = shape;
    const [top, bottom] = cellEnds(y, layout.height, height);
    const [left, right] = cellEnds(x, layout.width, width);
    const framed = Uint8Array.from(data);
    for (let row = top; row <= bottom; row++)
      for (let column = left; column <= right; column++) {
        const inside = row > top && row < bottom && column > left && column < right;
        for (let c = 0; c < channels && !inside; c++)
          framed[(row * width + column) * channels + c] = c === 0 ? 255 : 0;
      }
    return { data: framed, shape };
  });
