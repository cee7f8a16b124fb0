import { type Tensor, tf } from '../tensor/tf.ts';
import { defineComposite } from './composite.ts';
import { oneHot } from './one-hot.ts';

interface Lookup {
  /** A row of the table for each row of the output. */
  indices: readonly number[];
  rows: number;
}

const lookupGradient = defineComposite<Lookup>({
  name: 'LookupGradient',
  shapes: ({ dy }, { rows }) => [{ shape: [rows as number, dy!.shape[1]!], dtype: 'float32' }],
  compute: ({ dy }, { indices, rows }) => {
    const places = oneHot(tf.tensor1d([...indices], 'int32'), rows);
    return [tf.matMul(places, dy!, true)];
  },
});

const lookupOp = defineComposite<Lookup>({
  name: 'Lookup',
  shapes: ({ table }, { indices }) => [
    { shape: [(indices as number[]).length, table!.shape[1]!], dtype: 'float32' },
  ],
  compute: ({ table }, { indices }) => [tf.gather(table!, tf.tensor1d([...indices], 'int32'))],
  gradient: ([dy], _, attrs) => ({ table: () => lookupGradient({ dy: dy! }, attrs)[0]! }),
});

/**
 * Rows of a trained table, each as often as it is asked for.
 *
 * @param table [rows, d]
 * @param indices in 0..rows-1
 * @returns [indices.length, d]
 */
export const lookup = (table: Tensor, indices: readonly number[]): Tensor =>
  lookupOp({ table }, { indices, rows: table.shape[0]! })[0]!;
