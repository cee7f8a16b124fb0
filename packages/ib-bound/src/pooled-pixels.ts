import type { NdArray } from '@kcr/core';
import { type Features, joinRows } from '@kcr/features';

/**
 * Images averaged over a grid of `side` x `side` cells, as points for clustering: [n, side * side * channels].
 * An image smaller than the grid keeps its pixels.
 *
 * @param image [n, height, width, channels]
 */
export function poolPixels({ shape, data }: NdArray, side = 16): Features {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns] = [Math.min(side, height), Math.min(side, width)];
  const d = rows * columns * channels;
  const pooled = new Float64Array(n * d);
  const counts = new Float64Array(rows * columns);
  const cellOf = (y: number, x: number) =>
    Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) counts[cellOf(y, x)]!++;
  for (let i = 0; i < n; i++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const [cell, pixel] = [cellOf(y, x), ((i * height + y) * width + x) * channels];
        for (let c = 0; c < channels; c++)
          pooled[i * d + cell * channels + c]! += data[pixel + c]! / counts[cell]!;
      }
  return { n, d, data: pooled };
}

/** {@link poolPixels} of images that are read in batches. */
export async function poolImages(images: AsyncIterable<NdArray>, side?: number): Promise<Features> {
  const pooled: Features[] = [];
  for await (const image of images) pooled.push(poolPixels(image, side));
  return joinRows(pooled);
}
