import { KcrError } from '@kcr/core';

/** What a job of many tasks runs, whoever runs it. */
export interface ArrayJob {
  /** Of letters, digits, dots and dashes. */
  readonly name: string;
  /** How many tasks there are. */
  readonly tasks: number;
  /** How many may run at once. Default: as many as there is room for. */
  readonly concurrent?: number;
  /** The command of each task and its arguments; the task's index is in its environment. */
  readonly command: readonly string[];
  /** Cores of a task, e.g. `4`. */
  readonly cpus?: string;
  /** Memory of a task, as the scheduler writes it. */
  readonly memory?: string;
}

/** What settings of schedulers are made of: nothing that would begin another line, or another setting. */
const PLAIN = /^[\w.,:=/+-]+$/;

/** @throws KcrError `OPTION` for a setting that no scheduler has */
export function plainSetting(name: string, value: string): string {
  if (PLAIN.test(value)) return value;
  throw new KcrError('OPTION', {
    where: `sweep submit, ${name}`,
    found: JSON.stringify(value),
    fix: 'Write it without spaces and quotes, as the scheduler does',
  });
}
