import type { CompiledStep } from '../engine/engine.ts';
import { KcrError } from '../ground/error.ts';
import type { ImageSet } from '../model/batch.ts';
import type { Task } from '../model/task.ts';

/**
 * How good a model is at its task on a set of images: what {@link Task.evaluate} gives, checked.
 *
 * @throws KcrError `EVALUATION_FINITE` for what is not a finite number, and what evaluation throws
 */
export async function evaluateTask(
  task: Task,
  inference: CompiledStep,
  data: ImageSet,
  batchSize: number,
  onImage?: (right: boolean) => void,
): Promise<Record<string, number>> {
  const numbers = await task.evaluate(inference, data, batchSize, onImage);
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isFinite(value))
      throw new KcrError('EVALUATION_FINITE', {
        where: `${task.name}, ${name}`,
        found: String(value),
        fix: 'Look at the data: a number that cannot be told is left out by the task',
      });
  return numbers;
}
