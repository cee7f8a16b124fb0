import { int32 } from '../ground/array.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { constant } from '../trace/tracer.ts';
import { oneHot } from './one-hot.ts';
import { defineOp } from './op.ts';

interface Lookup {
  /** A row of the table for each row of the output. */
  indices: readonly number[];
  rows: number;
}

export const lookupGradientOp = defineOp({
  name: 'LookupGradient',
  inputs: ['dy'],
  compute: ({ dy }, { indices, rows }: Lookup) =>
    tf.matMul(oneHot(constant(int32([indices.length], indices)), rows), dy, true),
});

export const lookupOp = defineOp({
  name: 'Lookup',
  inputs: ['table'],
  compute: ({ table }, { indices }: Lookup) =>
    tf.gather(table, constant(int32([indices.length], indices))),
  gradient: ({ dy }, attrs) => ({ table: () => lookupGradientOp({ dy }, attrs) }),
});

/**
 * Rows of a trained table, each as often as it is asked for.
 *
 * @param table [rows, d]
 * @param indices in 0..rows-1
 * @returns [indices.length, d]
 */
export const lookup = (table: Tensor, indices: readonly number[]): Tensor =>
  lookupOp({ table }, { indices, rows: table.shape[0]! });
