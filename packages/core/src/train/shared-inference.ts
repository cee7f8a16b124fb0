import type { Communicator } from '../engine/communicator.ts';
import type { CompiledStep } from '../engine/engine.ts';
import { gatherArrays } from '../engine/gather-arrays.ts';
import { joinRows, type NdArray, rowsOf } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';

/**
 * An inference step whose images are shared out among processes: each runs its rows, and gets the outputs of all. Inputs and outputs
 * are by image on their first axis, and the same in every process; fewer images than processes are run by each.
 *
 * @throws KcrError `OUTPUT_ROWS` where it is called and gives an output that is not
 */
export function sharedInference(step: CompiledStep, communicator: Communicator): CompiledStep {
  const { rank, size } = communicator;
  if (size === 1) return step;
  const shared = async (inputs: Readonly<Record<string, NdArray>> = {}) => {
    const n = Object.values(inputs)[0]?.shape[0] ?? 0;
    if (n < size) return await step(inputs);
    const starts = Array.from({ length: size + 1 }, (_, i) => Math.floor((i * n) / size));
    const [first, next] = [starts[rank]!, starts[rank + 1]!];
    const own = Object.entries(inputs).map(([name, array]) => [name, rowsOf(array, first, next)]);
    const outputs = await step(Object.fromEntries(own));
    for (const [name, { shape }] of Object.entries(outputs))
      if (shape[0] !== next - first)
        throw new KcrError('OUTPUT_ROWS', {
          where: `output \`${name}\``,
          found: `[${shape}] for ${next - first} images`,
          fix: 'Give an entry for each image on the first axis, or evaluate in one process',
        });
    const all = await gatherArrays(communicator, outputs);
    return Object.fromEntries(
      Object.keys(outputs).map((name) => [name, joinRows(all.map((arrays) => arrays[name]!))]),
    );
  };
  return Object.assign(shared, {
    dispose: () => step.dispose(),
    [Symbol.asyncDispose]: () => step.dispose(),
  });
}
