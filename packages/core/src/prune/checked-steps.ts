import { KcrError } from '../ground/error.ts';
import { checkExtension } from '../model/check-extension.ts';
import type { Model } from '../model/model.ts';
import type { PruningSchedule, PruningStep } from './pruning-schedule.ts';

/**
 * The steps of a schedule, checked: dimensions that the model can be pruned in, and a share of the way in each.
 *
 * @throws KcrError `SCHEDULE`, `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`, and `DIM_ROLES`
 */
export function checkedSteps(
  schedule: PruningSchedule,
  model: Model,
  roles?: readonly string[],
): PruningStep[] {
  checkExtension('schedule', schedule, model);
  const steps = schedule.steps(model, roles);
  const wrong = (at: string, found: string) =>
    new KcrError('SCHEDULE', {
      where: `schedule "${schedule.name}"${at}`,
      found,
      fix: 'Give steps with a name, `dims` and `later` that can be pruned, and `progress` above 0, at most 1, on a linear or geometric `path`',
    });
  if (!Array.isArray(steps) || steps.length === 0) throw wrong('', 'no steps');
  for (const { name, dims, later, progress, path = 'linear' } of steps) {
    const at = `, step "${name}"`;
    if (!(progress > 0 && progress <= 1)) throw wrong(at, `a progress of ${progress}`);
    if (path !== 'linear' && path !== 'geometric') throw wrong(at, `the path ${path}`);
    if (!Array.isArray(dims) || !Array.isArray(later)) throw wrong(at, 'no lists of dimensions');
    if (dims.length === 0) throw wrong(at, 'no dimensions');
    const unknown = [...dims, ...later].find((dim) => !model.dims.get(dim)?.prunable);
    if (unknown !== undefined) throw wrong(at, `the dimension ${unknown}, which cannot be pruned`);
  }
  return steps;
}
