import { lookupGradientOp } from '@kcr/core/internal';
import type { OnnxBuilder } from './builder.ts';
import { lower } from './lowering.ts';

/** Rows that one sum takes at most. */
const GROUP = 16;

/**
 * Sums of the rows of a matrix that belong together, by gathering at most 16 at a time, then these sums in turn. ONNX' `ScatterND` with
 * `add` would be one node, but ONNX Runtime shares its rows out to threads, which then lose sums to one another where a row of the
 * result is met twice.
 *
 * @param x [owners.length, d]
 * @param owners the row of the result that each row of x is added to
 * @returns [rows, d]
 */
function sumsByOwner(b: OnnxBuilder, x: string, owners: readonly number[], rows: number): string {
  const lists = Array.from({ length: rows }, (): number[] => []);
  owners.forEach((owner, i) => {
    lists[owner]!.push(i);
  });
  const most = lists.reduce((longest, { length }) => Math.max(longest, length), 1);
  const width = Math.min(most, GROUP);
  const groups = lists.flatMap((list, owner) =>
    Array.from({ length: Math.max(1, Math.ceil(list.length / width)) }, (_, i) => ({
      owner,
      places: list.slice(i * width, (i + 1) * width),
    })),
  );
  // Places that a group does not need read a row of zeros behind the last one.
  const places = groups.flatMap((group) =>
    Array.from({ length: width }, (_, i) => group.places[i] ?? owners.length),
  );
  const padded = b.node('Pad', [x, b.int64([0, 0, 1, 0])]);
  const gathered = b.node('Gather', [padded, b.int32(places)], { axis: 0 });
  const grouped = b.reshape(gathered, [groups.length, width, -1]);
  const sums = b.node('ReduceSum', [grouped, b.int64([1])], { keepdims: 0 });
  if (groups.length === rows) return sums;
  return sumsByOwner(
    b,
    sums,
    groups.map(({ owner }) => owner),
    rows,
  );
}

lower(lookupGradientOp, (b, { dy }, { indices, rows }) => sumsByOwner(b, b.get(dy), indices, rows));
