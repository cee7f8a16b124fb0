import { productsKernel } from './products-memory.ts';

/** A matrix, or a part of one, in an array: value (i, j) stands at `from + i row + j column`. */
export interface Strided {
  readonly values: ArrayLike<number>;
  /** Default 0. */
  readonly from?: number;
  /** Places from a row to the next. */
  readonly row: number;
  /** Places from a column to the next. Default 1. */
  readonly column?: number;
}

/** Where a product is added: rows whose values stand side by side. */
export interface Target extends Strided {
  readonly values: Float64Array;
  readonly column?: 1;
}

export interface ProductSize {
  /** Rows of a, and of the result. */
  readonly m: number;
  /** Rows of b, and columns of the result. */
  readonly k: number;
  /** Columns of a and b. */
  readonly d: number;
  /** Leaves out tiles that lie below the diagonal altogether, for a result that is symmetric. Default false. */
  readonly upper?: boolean;
}

/** Rows of a tile, and its columns: tiles of a and b take half a MB together and stay in the processor's cache. */
const SIDE = 128;
const DEPTH = 256;

/** Places in the kernel's memory, in bytes: a tile of a, one of b, and their product. */
const [A, B, OUT] = [0, 8 * SIDE * DEPTH, 16 * SIDE * DEPTH];
const BYTES = OUT + 8 * SIDE * SIDE;

const upTo = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/**
 * Adds a b^T to `out`, in float64: m k d multiplications and additions, tile by tile, so that memory is that of a tile. With a row
 * of 1 and columns of d, a and b are transposed: a^T b and a b are products of the same kind.
 *
 * @param out [m, k]
 * @param a [m, d]
 * @param b [k, d]
 */
export function addProduct(out: Target, a: Strided, b: Strided, size: ProductSize): void {
  const { m, k, d, upper = false } = size;
  const { memory, products } = productsKernel(BYTES);
  const all = new Float64Array(memory.buffer, 0, BYTES / 8);
  for (let j = 0; j < d; j += DEPTH) {
    const depth = Math.min(DEPTH, d - j);
    const row = upTo(depth, 2);
    for (let i = 0; i < m; i += SIDE) {
      const height = Math.min(SIDE, m - i);
      copyTile(all.subarray(A / 8), row, a, { i, j, height, depth, padded: upTo(height, 2) });
      for (let c = upper ? i : 0; c < k; c += SIDE) {
        const width = Math.min(SIDE, k - c);
        const padded = upTo(width, 4);
        copyTile(all.subarray(B / 8), row, b, { i: c, j, height: width, depth, padded });
        all.fill(0, OUT / 8, OUT / 8 + upTo(height, 2) * padded);
        products(OUT, A, B, upTo(height, 2), padded, 8 * row, padded);
        const start = (out.from ?? 0) + i * out.row + c;
        for (let y = 0; y < height; y++) {
          const [to, from] = [start + y * out.row, OUT / 8 + y * padded];
          for (let x = 0; x < width; x++) out.values[to + x]! += all[from + x]!;
        }
      }
    }
  }
}

interface Tile {
  readonly i: number;
  readonly j: number;
  readonly height: number;
  readonly depth: number;
  /** Rows with those of zeros that are added. */
  readonly padded: number;
}

/** Writes a tile with rows of `row` values, zeros where it ends before them. */
function copyTile(
  to: Float64Array,
  row: number,
  { values, from = 0, row: down, column = 1 }: Strided,
  { i, j, height, depth, padded }: Tile,
): void {
  const start = from + i * down + j * column;
  if (depth < row || height < padded) to.fill(0, 0, padded * row);
  if (column === 1 && values instanceof Float64Array)
    for (let y = 0; y < height; y++)
      to.set(values.subarray(start + y * down, start + y * down + depth), y * row);
  // Where rows lie side by side they are read in the inner loop.
  else if (down < column)
    for (let x = 0; x < depth; x++)
      for (let y = 0; y < height; y++) to[y * row + x] = values[start + y * down + x * column]!;
  else
    for (let y = 0; y < height; y++)
      for (let x = 0; x < depth; x++) to[y * row + x] = values[start + y * down + x * column]!;
}
