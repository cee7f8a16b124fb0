import type { View } from './view.ts';
import type { Box } from './view-box.ts';
import { sourcePoint } from './view-point.ts';

/** What a mask has at the centres of a grid over a box of the canvas: size x size values, 0 or 1. */
export function maskInBox(mask: Uint8Array, box: Box, view: View, size: number): Float32Array {
  const { height, width } = view.source;
  const values = new Float32Array(size * size);
  const [stepY, stepX] = [(box[3] - box[1]) / size, (box[2] - box[0]) / size];
  const inside = (at: number, most: number) => Math.min(Math.max(Math.floor(at), 0), most - 1);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const [y, x] = sourcePoint(box[1] + (i + 0.5) * stepY, box[0] + (j + 0.5) * stepX, view);
      values[i * size + j] = mask[inside(y, height) * width + inside(x, width)]!;
    }
  return values;
}
