import { addProduct } from '@kcr/features';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { secularRoot } from './secular-equation.ts';

/** Matrices up to this size are decomposed by `ml-matrix`. */
export const SMALL = 32;

/** A part of the matrix, and of its eigenpairs: values ascending, and in the rows and columns from `low` to `high` their vectors. */
interface Part {
  readonly low: number;
  readonly high: number;
}

/**
 * All eigenpairs of a symmetric tridiagonal matrix by divide and conquer (Cuppen 1981), with vectors that are orthogonal to rounding even
 * where values lie close together, since they are made for the matrix that the computed values belong to exactly (Gu and Eisenstat 1994).
 *
 * @param diagonal [n]; the values ascending are written over it
 * @param beside T[i + 1, i], [n - 1] or more
 * @returns the vectors as rows, [n, n]
 */
export function tridiagonalEigen(diagonal: Float64Array, beside: Float64Array): Float64Array {
  const n = diagonal.length;
  const rows = new Float64Array(n * n);
  solve({ low: 0, high: n }, diagonal, beside, rows);
  return rows;
}

function solve(
  { low, high }: Part,
  values: Float64Array,
  beside: Float64Array,
  rows: Float64Array,
): void {
  if (high - low <= SMALL) {
    small({ low, high }, values, beside, rows);
    return;
  }
  const middle = (low + high) >> 1;
  // T is two parts and rho v v^T, with v the last axis of the first and the first axis of the second, of the sign of what is between.
  const between = beside[middle - 1]!;
  const rho = Math.abs(between);
  values[middle - 1]! -= rho;
  values[middle]! -= rho;
  solve({ low, high: middle }, values, beside, rows);
  solve({ low: middle, high }, values, beside, rows);
  merge({ low, high }, middle, between, values, rows);
}

function small(
  { low, high }: Part,
  values: Float64Array,
  beside: Float64Array,
  rows: Float64Array,
) {
  const [size, n] = [high - low, values.length];
  const matrix = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    matrix.set(i, i, values[low + i]!);
    if (i + 1 < size) {
      matrix.set(i, i + 1, beside[low + i]!);
      matrix.set(i + 1, i, beside[low + i]!);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  const order = [...realEigenvalues.keys()].sort(
    (a, b) => realEigenvalues[a]! - realEigenvalues[b]!,
  );
  order.forEach((from, k) => {
    values[low + k] = realEigenvalues[from]!;
    for (let j = 0; j < size; j++) rows[(low + k) * n + low + j] = eigenvectorMatrix.get(j, from);
  });
}

/** Which columns a row of a part uses: those of the first half, of both, or of the second. */
const FIRST = 0;
const BOTH = 1;
const SECOND = 2;

/** Eigenpairs of the two halves and rho v v^T together. */
function merge(
  { low, high }: Part,
  middle: number,
  between: number,
  values: Float64Array,
  rows: Float64Array,
): void {
  const [size, n] = [high - low, values.length];
  // v in the basis of the halves' vectors, of length 1: of two unit vectors it had the length sqrt(2).
  const z = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const column = low + i < middle ? middle - 1 : middle;
    const sign = column === middle && between < 0 ? -1 : 1;
    z[i] = sign * Math.SQRT1_2 * rows[(low + i) * n + column]!;
  }
  const rho = 2 * Math.abs(between);
  const found = deflated({ low, high }, middle, { values, rows, z, rho });
  const { kept, kinds } = found;
  const d = Float64Array.from(kept, (i) => values[low + i]!);
  const { roots, vectors } = updated(
    d,
    Float64Array.from(kept, (i) => z[i]!),
    rho,
  );
  const made = combined({ low, high }, middle, rows, { kept, kinds, vectors });
  // Those that were left alone and those that are new, by value.
  const all = [
    ...found.left.map((i) => ({ value: values[low + i]!, from: rows, at: (low + i) * n + low })),
    ...Array.from(roots, (value, k) => ({ value, from: made, at: k * size })),
  ].sort((a, b) => a.value - b.value);
  const sorted = new Float64Array(size * size);
  all.forEach(({ from, at }, k) => sorted.set(from.subarray(at, at + size), k * size));
  all.forEach(({ value }, k) => {
    values[low + k] = value;
    rows.set(sorted.subarray(k * size, (k + 1) * size), (low + k) * n + low);
  });
}

interface Merging {
  readonly values: Float64Array;
  readonly rows: Float64Array;
  readonly z: Float64Array;
  readonly rho: number;
}

/**
 * Which pairs rho z z^T changes. Those with a z of 0 it does not; of two with the same value one can be turned so that its z is 0. Both are so
 * up to rounding, and the more of them there are the less is left to do.
 */
function deflated({ low, high }: Part, middle: number, { values, rows, z, rho }: Merging) {
  const [size, n] = [high - low, values.length];
  const order = [...Array(size).keys()].sort((a, b) => values[low + a]! - values[low + b]!);
  const most = Math.max(...order.map((i) => Math.max(Math.abs(values[low + i]!), Math.abs(z[i]!))));
  const least = 8 * Number.EPSILON * most;
  const kindOf = Uint8Array.from({ length: size }, (_, i) => (low + i < middle ? FIRST : SECOND));
  const [kept, left]: [number[], number[]] = [[], []];
  let before: number | undefined;
  for (const next of order) {
    if (rho * Math.abs(z[next]!) <= least) {
      left.push(next);
      continue;
    }
    if (before === undefined) {
      before = next;
      continue;
    }
    const length = Math.hypot(z[before]!, z[next]!);
    const [c, s] = [z[next]! / length, -z[before]! / length];
    const apart = values[low + next]! - values[low + before]!;
    if (Math.abs(apart * c * s) <= least) {
      [z[next], z[before]] = [length, 0];
      if (kindOf[next] !== kindOf[before]) kindOf[next] = BOTH;
      turn(rows, (low + before) * n + low, (low + next) * n + low, size, c, s);
      const [x, y] = [values[low + before]!, values[low + next]!];
      values[low + next] = x * s * s + y * c * c;
      values[low + before] = x * c * c + y * s * s;
      left.push(before);
    } else kept.push(before);
    before = next;
  }
  if (before !== undefined) kept.push(before);
  return { kept, left, kinds: kept.map((i) => kindOf[i]!) };
}

function turn(rows: Float64Array, a: number, b: number, size: number, c: number, s: number): void {
  for (let j = 0; j < size; j++) {
    const [x, y] = [rows[a + j]!, rows[b + j]!];
    rows[a + j] = c * x + s * y;
    rows[b + j] = c * y - s * x;
  }
}

/** Eigenpairs of diag(d) + rho z z^T: values ascending, and vectors as rows, [k, k]. */
function updated(d: Float64Array, z: Float64Array, rho: number) {
  const k = d.length;
  /** d_i - root_j, of row j. */
  const vectors = new Float64Array(k * k);
  const roots = new Float64Array(k);
  for (let j = 0; j < k; j++) {
    const { origin, offset } = secularRoot(d, z, rho, j);
    roots[j] = d[origin]! + offset;
    for (let i = 0; i < k; i++) vectors[j * k + i] = d[i]! - d[origin]! - offset;
  }
  // The z for which these are the exact values.
  const exact = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    let square = -vectors[i * k + i]!;
    for (let j = 0; j < k; j++) if (j !== i) square *= vectors[j * k + i]! / (d[i]! - d[j]!);
    exact[i] = Math.sign(z[i]!) * Math.sqrt(Math.abs(square));
  }
  for (let j = 0; j < k; j++) {
    const row = vectors.subarray(j * k, (j + 1) * k);
    let length = 0;
    for (let i = 0; i < k; i++) {
      row[i] = exact[i]! / row[i]!;
      length += row[i]! * row[i]!;
    }
    const scale = 1 / Math.sqrt(length);
    for (let i = 0; i < k; i++) row[i]! *= scale;
  }
  return { roots, vectors };
}

/** The new vectors of a part, as rows of its columns, [kept, size]: products of each half alone. */
function combined(
  { low, high }: Part,
  middle: number,
  rows: Float64Array,
  { kept, kinds, vectors }: { kept: number[]; kinds: number[]; vectors: Float64Array },
): Float64Array {
  const [size, n, k] = [high - low, Math.sqrt(rows.length), kept.length];
  const made = new Float64Array(k * size);
  for (const [unused, from, to] of [
    [SECOND, low, middle],
    [FIRST, middle, high],
  ] as const) {
    const used = [...kept.keys()].filter((i) => kinds[i] !== unused);
    const width = to - from;
    const old = new Float64Array(used.length * width);
    const factors = new Float64Array(k * used.length);
    used.forEach((i, at) => {
      const start = (low + kept[i]!) * n + from;
      old.set(rows.subarray(start, start + width), at * width);
      for (let j = 0; j < k; j++) factors[j * used.length + at] = vectors[j * k + i]!;
    });
    addProduct(
      { values: made, from: from - low, row: size },
      { values: factors, row: used.length },
      { values: old, row: 1, column: width },
      { m: k, k: width, d: used.length },
    );
  }
  return made;
}
