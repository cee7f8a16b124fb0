import { join, resolve } from 'node:path';
import { KcrError } from '@kcr/core';
import { didYouMean, writeAtomic } from '@kcr/core/internal';
import {
  isShippedSweep,
  kubernetesJob,
  listTrials,
  loadSweep,
  shippedSweeps,
  slurmScript,
} from '@kcr/pipeline';
import type { Command } from 'commander';
import { count } from '../options.ts';
import { printResult } from '../output.ts';
import { ownCommand } from '../own-command.ts';

interface SubmitOptions {
  slurm?: boolean;
  kubernetes?: boolean;
  out: string;
  data?: string;
  file?: string;
  tasks?: number;
  concurrent?: number;
  cpus?: string;
  memory?: string;
  device?: string;
  time?: string;
  partition?: string;
  gres?: string;
  image?: string;
  claim?: string;
  mount: string;
  namespace?: string;
  json?: boolean;
}

/** `kcr sweep submit`: the job of a cluster that runs a sweep. */
export function addSweepSubmit(sweep: Command): void {
  sweep
    .command('submit')
    .description('write the job that runs a sweep on a cluster, and say how it is submitted')
    .argument('<sweep>', `a sweep file, or one of ${Object.keys(shippedSweeps).join(', ')}`)
    .option('--slurm', 'an array job for sbatch')
    .option('--kubernetes', 'an Indexed Job for kubectl')
    .requiredOption('--out <folder>', 'the trials, in a place that all tasks share')
    .option('--data <folder>', "the recipe's images, there too")
    .option('--file <file>', 'the job (default: submit.sh or submit.json in --out)')
    .option('--tasks <n>', 'tasks, which share the trials (default: one a trial)', count)
    .option('--concurrent <n>', 'tasks at once (default: as many as there is room for)', count)
    .option('--cpus <n>', 'cores of a task')
    .option('--memory <size>', 'memory of a task, e.g. 8G (Slurm), 8Gi (Kubernetes)')
    .option('--device <name>', 'where the onnx engine runs: cpu, webgpu or cuda')
    .option('--time <limit>', 'Slurm: longest time of a task, e.g. 04:00:00')
    .option('--partition <name>', 'Slurm: the partition')
    .option('--gres <list>', 'Slurm: generic resources, e.g. gpu:1')
    .option('--image <name>', 'Kubernetes: the image, with kcr on its path')
    .option('--claim <name>', 'Kubernetes: the PersistentVolumeClaim that all tasks share')
    .option(
      '--mount <path>',
      'Kubernetes: where it is mounted, and the folder of the command',
      '/work',
    )
    .option('--namespace <name>', 'Kubernetes: the namespace')
    .option('--json', 'print the result as JSON')
    .action(submit);
}

/** Most tasks that Slurm takes in one array where nobody has set it otherwise (MaxArraySize less one). */
const MOST_TASKS = 1000;

async function submit(name: string, options: SubmitOptions): Promise<void> {
  const { slurm, kubernetes, out, json } = options;
  if (Boolean(slurm) === Boolean(kubernetes))
    throw new KcrError('OPTION', {
      where: 'sweep submit',
      found: slurm ? '--slurm and --kubernetes' : 'neither --slurm nor --kubernetes',
      fix: 'Give one of them',
    });
  const loaded = await loadSweep(name);
  const trials = (await listTrials(loaded)).length;
  const tasks = Math.min(options.tasks ?? trials, trials);
  const file = options.file ?? join(out, slurm ? 'submit.sh' : 'submit.json');
  const text = slurm
    ? slurmText(name, loaded.sweep.name, tasks, trials, options)
    : kubernetesText(name, loaded.sweep.name, tasks, trials, options);
  await writeAtomic(file, text);
  const command = slurm ? `sbatch ${file}` : `kubectl apply -f ${file}`;
  if (slurm && tasks > MOST_TASKS)
    process.stderr.write(
      `warning: ${tasks} tasks, and Slurm takes ${MOST_TASKS + 1} where MaxArraySize is not set: --tasks has fewer, with several trials each\n`,
    );
  if (json) printResult({ file, trials, tasks, command }, true);
  else process.stdout.write(`${file}: ${trials} trials in ${tasks} tasks\n${command}\n`);
}

/** What each task is given, besides its index. */
const taskArgs = (
  sweep: string,
  out: string,
  data: string | undefined,
  { tasks, trials }: { tasks: number; trials: number },
  { device }: SubmitOptions,
): string[] => [
  ...['sweep', sweep, '--out', out],
  ...(data === undefined ? [] : ['--data', data]),
  ...(tasks === trials ? [] : ['--tasks', String(tasks)]),
  ...(device === undefined ? [] : ['--device', checkedDevice(device)]),
];

const DEVICES = ['cpu', 'webgpu', 'cuda'];

function checkedDevice(device: string): string {
  if (DEVICES.includes(device)) return device;
  throw new KcrError('OPTION', {
    where: 'sweep submit, device',
    found: device,
    fix: didYouMean(device, DEVICES, 'Use one of'),
  });
}

function slurmText(
  sweep: string,
  name: string,
  tasks: number,
  trials: number,
  options: SubmitOptions,
): string {
  const { out, data } = options;
  const file = isShippedSweep(sweep) ? sweep : resolve(sweep);
  const args = taskArgs(
    file,
    resolve(out),
    data === undefined ? undefined : resolve(data),
    { tasks, trials },
    options,
  );
  const command = [...ownCommand, ...args];
  return slurmScript({
    ...options,
    name,
    tasks,
    command,
    folder: process.cwd(),
    logs: resolve(out),
  });
}

/** @throws KcrError `OPTION` where the image or the shared volume is not said */
function kubernetesText(
  sweep: string,
  name: string,
  tasks: number,
  trials: number,
  { image, claim, ...options }: SubmitOptions,
): string {
  if (image === undefined || claim === undefined)
    throw new KcrError('OPTION', {
      where: 'sweep submit --kubernetes',
      found: image === undefined ? 'no --image' : 'no --claim',
      fix: 'Give --image, which has kcr, and --claim, the volume that all tasks share',
    });
  // Paths are those of the container, from the mounted folder on.
  const args = taskArgs(sweep, options.out, options.data, { tasks, trials }, options);
  const job = { ...options, image, claim, name, tasks, command: ['kcr', ...args] };
  return `${JSON.stringify(kubernetesJob(job), null, 2)}\n`;
}
