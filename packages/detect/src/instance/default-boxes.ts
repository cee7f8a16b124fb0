import { float32, type NdArray } from '@kcr/core';

export interface DefaultBoxOptions {
  /** Side of the square image, in pixels. */
  size: number;
  /** Positions along a side of each map, from fine to coarse. */
  places: readonly number[];
  /** Share of the image's side that the boxes of the finest and of the coarsest map have. */
  scale: readonly [number, number];
  /** Width : height, each also turned round. */
  ratios: readonly number[];
}

/**
 * SSD's default boxes as torchvision makes them: at each position a square of the map's scale, one between it and the
 * next map's, and for each ratio a wide and a tall box; no side is longer than the image's.
 *
 * @returns [boxes, 4]: left, top, right, bottom in pixels
 */
export function defaultBoxes({ size, places, scale, ratios }: DefaultBoxOptions): NdArray {
  const [least, most] = scale;
  const scales = places.map(
    (_, k) => least + ((most - least) * k) / Math.max(places.length - 1, 1),
  );
  scales.push(1);
  const boxes: number[] = [];
  places.forEach((n, k) => {
    const own = scales[k]!;
    const shapes = [[own, own], Array<number>(2).fill(Math.sqrt(own * scales[k + 1]!))];
    for (const ratio of ratios) {
      const [long, short] = [own * Math.sqrt(ratio), own / Math.sqrt(ratio)];
      shapes.push([long, short], [short, long]);
    }
    for (let row = 0; row < n; row++)
      for (let column = 0; column < n; column++)
        for (const [w, h] of shapes as [number, number][]) {
          const [x, y] = [(column + 0.5) / n, (row + 0.5) / n];
          const [halfW, halfH] = [Math.min(w, 1) / 2, Math.min(h, 1) / 2];
          const corners = [x - halfW, y - halfH, x + halfW, y + halfH];
          boxes.push(...corners.map((at) => at * size));
        }
  });
  return float32([boxes.length / 4, 4], boxes);
}

/** Default boxes at a position. */
export const boxesPerPlace = (ratios: readonly number[]): number => 2 + 2 * ratios.length;
