import { KcrError, type Model, taskOf } from '@kcr/core';
import { checkExtension } from '@kcr/core/internal';
import { tableOf } from '../modules.ts';
import { classificationKit } from './classification.ts';
import { instanceDetectionKit } from './instance-detection.ts';
import { semanticSegmentationKit } from './semantic-segmentation.ts';
import type { TaskKit } from './task-kit.ts';

/** The kits that come along, by the names of their tasks. */
export const taskKits: Readonly<Record<string, TaskKit>> = Object.fromEntries(
  [classificationKit, semanticSegmentationKit, instanceDetectionKit].map(
    (kit): [string, TaskKit] => [kit.task, kit],
  ),
);

/**
 * The kit of a model's task: one that comes along, or of the table `tasks` of the module that the model's architecture is
 * from.
 *
 * @param from URL of the file that names of modules are resolved from. Default: a file in the process's folder
 * @throws KcrError `TASK_UNKNOWN`, `MODULE_LOAD`, `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`
 */
export async function findTaskKit(
  model: Pick<Model, 'architecture' | 'dims' | 'taps'>,
  from?: string,
): Promise<TaskKit> {
  const { name } = taskOf(model);
  if (Object.hasOwn(taskKits, name)) return taskKits[name]!;
  const { module } = model.architecture;
  const own = await tableOf<TaskKit>(module, 'tasks', from);
  if (Object.hasOwn(own, name)) {
    const kit = own[name]!;
    checkExtension('task kit', { ...kit, name }, model);
    return kit;
  }
  throw new KcrError('TASK_UNKNOWN', {
    where: `${model.architecture.name} of ${module}`,
    found: `the task ${name}, of which nobody says how its data are read and drawn`,
    fix: `Export a kit for it from ${module}: tasks = { ${JSON.stringify(name)}: ... }`,
  });
}
