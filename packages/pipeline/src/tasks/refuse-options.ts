import { KcrError } from '@kcr/core';
import type { EvaluationData } from './task-kit.ts';

/** Options that every task knows. */
const COMMON: readonly string[] = ['data', 'invalid', 'cacheBytes'];

/** @throws KcrError `OPTION` for an option that a task does not know */
export function refuseOthers(
  task: string,
  request: EvaluationData,
  known: readonly (keyof EvaluationData)[],
): void {
  for (const [option, value] of Object.entries(request))
    if (value !== undefined && !COMMON.includes(option) && !known.includes(option as never))
      throw new KcrError('OPTION', {
        where: option,
        found: `a model of ${task}`,
        fix: 'Leave it out for this model',
      });
}
