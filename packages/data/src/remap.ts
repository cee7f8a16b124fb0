import type { Pixels } from './image.ts';

/** Moves pixels: output pixel (y, x) is input pixel `source(y, x)`, counted by rows, or black below 0. */
export function remap(image: Pixels, source: (y: number, x: number) => number): Pixels {
  const [height, width, channels] = image.shape;
  const data = new Uint8Array(image.data.length);
  let to = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += channels) {
      const from = source(y, x) * channels;
      for (let c = 0; from >= 0 && c < channels; c++) data[to + c] = image.data[from + c]!;
    }
  return { data, shape: image.shape };
}
