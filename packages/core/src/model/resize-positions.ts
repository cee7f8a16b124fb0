import type { NdArray } from '../ground/array.ts';
import { type Grid, resampleGrid } from '../ground/resampling.ts';
import { asFloat32, gridText, type Resize } from './resize.ts';

export interface PositionTable {
  /** Of the patches. */
  readonly grid: Grid;
  /** Tokens before the patches that have a position too (the class token). */
  readonly prefix: number;
  /** Image pixels to a step of the grid. */
  readonly stride: number;
}

/** The grid that a square number of positions is. */
export function squareGrid(positions: number): Grid | undefined {
  const side = Math.round(Math.sqrt(positions));
  return side > 0 && side * side === positions ? { height: side, width: side } : undefined;
}

/**
 * Position embeddings [1, prefix + positions, d], from those of another grid: bicubic and without aliasing, the prefix as it is.
 * As timm's `resample_abs_pos_embed`, in float64. The other grid is that of the source's images where they are known, otherwise a
 * square; as many positions as there are here are then taken as they are.
 */
export const resizePositions =
  ({ grid, prefix, stride }: PositionTable): Resize =>
  (from, { image }) => {
    const [one, tokens = 0, d = 0] = from.shape;
    const count = tokens - prefix;
    if (from.shape.length !== 3 || one !== 1 || count < 1) return undefined;
    const known = image && gridOf(image, stride);
    const isKnown = known && known.height * known.width === count;
    if (!isKnown && count === grid.height * grid.width) return undefined;
    const old = isKnown ? known : squareGrid(count);
    if (!old || gridText(old) === gridText(grid)) return undefined;
    const array = positions(from, { old, grid, prefix, d });
    return { array, from: gridText(old), to: gridText(grid) };
  };

const gridOf = ([height, width]: readonly [number, number], stride: number): Grid => ({
  height: Math.floor(height / stride),
  width: Math.floor(width / stride),
});

interface PositionChange extends Omit<PositionTable, 'stride'> {
  readonly old: Grid;
  readonly d: number;
}

function positions({ data }: NdArray, { old, grid, prefix, d }: PositionChange): NdArray {
  const moved = resampleGrid(data.subarray(prefix * d), old, grid);
  const all = new Float64Array(prefix * d + moved.length);
  all.set(data.subarray(0, prefix * d));
  all.set(moved, prefix * d);
  return asFloat32([1, all.length / d, d], all);
}
