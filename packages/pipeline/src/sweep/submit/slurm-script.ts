import { type ArrayJob, plainSetting } from './array-job.ts';

/** An array job of Slurm. */
export interface SlurmJob extends ArrayJob {
  /** Folder that the command is run in. */
  readonly folder: string;
  /** Folder of the tasks' logs. */
  readonly logs: string;
  /** Longest time of a task, e.g. `04:00:00`. */
  readonly time?: string;
  readonly partition?: string;
  /** Generic resources, e.g. `gpu:1`. */
  readonly gres?: string;
}

/** A text as POSIX shells read it. */
const shellText = (text: string): string =>
  /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** The log of each task in a line of settings: `%a` is its index, and any other `%` itself. */
const logText = (folder: string): string => {
  const path = `${folder.replaceAll('%', '%%')}/slurm-%a.log`;
  return /[\s"'\\#]/.test(path) ? `"${path.replaceAll(/["\\]/g, String.raw`\$&`)}"` : path;
};

/**
 * The script of an array job, for `sbatch`. A task's index is in `SLURM_ARRAY_TASK_ID`, and a task that its node lost is put back.
 *
 * @throws KcrError `OPTION` for a setting that Slurm could not have
 */
export function slurmScript(job: SlurmJob): string {
  const { name, tasks, concurrent, command, folder, logs } = job;
  const limit = concurrent === undefined ? '' : `%${concurrent}`;
  const setting = (flag: string, value: string | undefined) =>
    value === undefined ? [] : [`--${flag}=${plainSetting(flag, value)}`];
  const settings = [
    ...setting('job-name', name),
    `--array=0-${tasks - 1}${limit}`,
    `--output=${logText(logs)}`,
    '--open-mode=append',
    '--requeue',
    ...setting('time', job.time),
    ...setting('cpus-per-task', job.cpus),
    ...setting('mem', job.memory),
    ...setting('partition', job.partition),
    ...setting('gres', job.gres),
  ];
  return `#!/bin/sh
${settings.map((text) => `#SBATCH ${text}`).join('\n')}
cd ${shellText(folder)} || exit
exec ${command.map(shellText).join(' ')}
`;
}
