import type { Grid } from '../ground/resampling.ts';
import { asFloat32, gridText, type Resize } from './resize.ts';
import { squareGrid } from './resize-positions.ts';

/** Offsets between two positions of a window. */
const offsetsOf = ({ height, width }: Grid): Grid => ({
  height: 2 * height - 1,
  width: 2 * width - 1,
});

/**
 * A table of relative position biases [offsets, heads], row-major over (2 height - 1) x (2 width - 1) offsets, from that of another
 * window, which was square. As timm's `resize_rel_pos_bias_table`, after BEiT: the old offsets are placed in a geometric
 * progression that ends where the new ones do, dense at 0, and values are read between them linearly.
 */
export const resizeBiasTable =
  (window: Grid): Resize =>
  (from) => {
    const to = offsetsOf(window);
    const [rows = 0, heads = 0] = from.shape;
    if (from.shape.length !== 2 || rows === to.height * to.width) return undefined;
    const old = squareGrid(rows);
    if (!old || old.height % 2 === 0) return undefined;
    const down = readings(old.height, to.height);
    const right = readings(old.width, to.width);
    const data = new Float64Array(to.height * to.width * heads);
    down.forEach((y, i) => {
      right.forEach((x, j) => {
        const place = (i * to.width + j) * heads;
        for (const [row, tall] of y)
          for (const [column, wide] of x)
            for (let h = 0; h < heads; h++)
              data[place + h]! += tall * wide * from.data[(row * old.width + column) * heads + h]!;
      });
    });
    const array = asFloat32([to.height * to.width, heads], data);
    return { array, from: gridText(old), to: gridText(to) };
  };

/** Where the offsets of an axis lie among those of another: from - middle to + middle, 1 apart at the middle, then always further. */
function placesOf(from: number, to: number): number[] {
  const [steps, reach] = [Math.floor(from / 2), Math.floor(to / 2)];
  let [low, high, ratio] = [1.01, 1.5, 1.01];
  while (high - low > 1e-6) {
    ratio = (low + high) / 2;
    if ((1 - ratio ** steps) / (1 - ratio) > reach) high = ratio;
    else low = ratio;
  }
  const places: number[] = [];
  for (let i = 0, place = 1; i < steps; i++, place += ratio ** i) places.push(place);
  return [...places.map((place) => -place).reverse(), 0, ...places];
}

/** For each new offset the old ones that it is read from, with their weights; beyond the last it is the last. */
function readings(from: number, to: number): [index: number, weight: number][][] {
  const places = placesOf(from, to);
  const reach = Math.floor(to / 2);
  return Array.from({ length: to }, (_, i) => {
    const place = i - reach;
    const next = places.findIndex((other) => other >= place);
    if (next === 0) return [[0, 1]];
    if (next < 0) return [[from - 1, 1]];
    const [before, behind] = [places[next - 1]!, places[next]!];
    const share = (place - before) / (behind - before);
    return [
      [next - 1, 1 - share],
      [next, share],
    ];
  });
}
