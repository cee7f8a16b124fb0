import type { TokenLayout } from '@kcr/core';

/** Values of tokens, in the order of a layout, put where they lie: row-major, 0 where no token is. */
export function toGrid(layout: TokenLayout, value: (token: number) => number): Float32Array {
  const grid = new Float32Array(layout.height * layout.width);
  layout.positions.forEach((position, token) => {
    if (position >= 0) grid[position] = value(token);
  });
  return grid;
}

/** {@link toGrid} of what is 0 or more, its largest value 1; all 0 where nothing is more. */
export function toMap(layout: TokenLayout, value: (token: number) => number): Float32Array {
  const grid = toGrid(layout, value);
  const most = grid.reduce((a, b) => Math.max(a, b), 0);
  return most > 0 ? grid.map((x) => x / most) : grid;
}
