import type { Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';

/**
 * Images of a data set at random, as equally many of each class as there are.
 *
 * @returns at most `n` indices, ascending
 */
export function balancedSample(dataset: Dataset, n: number, generator: Generator): Int32Array {
  const order = generator.permutation(dataset.length);
  const taken = new Map<number, number>();
  // Sorting is stable: the first of every class, then the second, and so on.
  const turns = Array.from(order, (i) => {
    const turn = taken.get(dataset.labels[i]!) ?? 0;
    taken.set(dataset.labels[i]!, turn + 1);
    return { i, turn };
  }).sort((a, b) => a.turn - b.turn);
  return Int32Array.from(turns.slice(0, n), ({ i }) => i).sort();
}
