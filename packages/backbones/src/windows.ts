import type { Grid } from '@kcr/core';

/** How a grid is cut into windows. */
export interface Windows extends Grid {
  /** Size of a window. */
  window: Grid;
  /** Positions in a window. */
  area: number;
  /** Windows of one image. */
  count: number;
  /** Positions of the grid (row-major), window by window; -1 where a window reaches over the border. */
  order: readonly number[];
  /** For shifted windows [count, area, area]: -100 between positions that are no neighbours, else 0. */
  mask?: Float32Array;
}

/**
 * Cuts a grid into windows, after rolling it by `shift` so that windows straddle those of no shift and positions at the end wrap
 * around.
 */
export function windows(
  { height, width }: Grid,
  window: Grid,
  { down, right } = { down: 0, right: 0 },
): Windows {
  const area = window.height * window.width;
  const [rows, columns] = [Math.ceil(height / window.height), Math.ceil(width / window.width)];
  const order: number[] = [];
  const regions: number[] = [];
  for (let i = 0; i < rows * columns; i++) {
    for (let place = 0; place < area; place++) {
      const row = Math.floor(i / columns) * window.height + Math.floor(place / window.width);
      const column = (i % columns) * window.width + (place % window.width);
      const outside = row >= height || column >= width;
      order.push(outside ? -1 : ((row + down) % height) * width + ((column + right) % width));
      regions.push(
        3 * region(row, rows * window.height, window.height, down) +
          region(column, columns * window.width, window.width, right),
      );
    }
  }
  const cut = { height, width, window, area, count: rows * columns, order };
  return down > 0 || right > 0 ? { ...cut, mask: maskOf(regions, area) } : cut;
}

/** Which of the three stretches of a rolled axis a position is in: whole windows, the last one, the wrapped part. */
const region = (position: number, length: number, size: number, shift: number): number => {
  if (shift === 0 || position < length - size) return 0;
  return position < length - shift ? 1 : 2;
};

function maskOf(regions: readonly number[], area: number): Float32Array {
  const mask = new Float32Array(regions.length * area);
  regions.forEach((own, i) => {
    const first = i - (i % area);
    for (let j = 0; j < area; j++) if (regions[first + j] !== own) mask[i * area + j] = -100;
  });
  return mask;
}

/** For each pair of positions of a window, the row of the relative position table, [area * area]. */
export function relativePositions({ height, width }: Grid): number[] {
  const area = height * width;
  return Array.from({ length: area * area }, (_, pair) => {
    const [query, key] = [Math.floor(pair / area), pair % area];
    const down = Math.floor(query / width) - Math.floor(key / width) + height - 1;
    const right = (query % width) - (key % width) + width - 1;
    return down * (2 * width - 1) + right;
  });
}

/**
 * Positions of a grid in groups of 2 x 2, column by column, -1 beyond the border of an odd grid: what patch
 * merging puts together.
 */
export function mergeOrder(height: number, width: number): number[] {
  const order: number[] = [];
  for (let row = 0; row < height; row += 2)
    for (let column = 0; column < width; column += 2)
      for (const right of [0, 1])
        for (const down of [0, 1]) {
          const inside = row + down < height && column + right < width;
          order.push(inside ? (row + down) * width + column + right : -1);
        }
  return order;
}
