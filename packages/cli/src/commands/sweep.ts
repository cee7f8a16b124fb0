import { KcrError } from '@kcr/core';
import {
  type Findings,
  forgetFailed,
  listTrials,
  loadSweep,
  runSweep,
  type SweepOutcome,
  savedSweep,
  settingsTable,
  shippedSweeps,
  sweepOutcome,
  trialText,
} from '@kcr/pipeline';
import type { Command } from 'commander';
import { Option } from 'commander';
import { count, type EngineOptions, engineOf, whole, withEngine, withTrust } from '../options.ts';
import { printTable } from '../output.ts';
import { progress } from '../progress.ts';
import { runWorkers, workersBeside } from '../sweep-workers.ts';
import { addSweepSubmit } from './sweep-submit.ts';

interface SweepCommandOptions extends EngineOptions {
  out?: string;
  data?: string;
  parallel: number;
  index?: number;
  tasks?: number;
  dryRun?: boolean;
  retryFailed?: boolean;
  trust?: readonly string[];
  json?: boolean;
}

/** `kcr sweep`: many settings of a recipe, and which is best. */
export function addSweep(kcr: Command): void {
  const sweep = kcr
    .command('sweep')
    .description('try many settings of a recipe, by cross-validation too, and say which is best')
    .usage(
      '[options] <sweep>\n       kcr sweep submit [options] <sweep>\n       kcr sweep report <folder>',
    )
    // Options after `submit` and `report` are theirs.
    .enablePositionalOptions()
    .argument('<sweep>', `a sweep file, or one of ${Object.keys(shippedSweeps).join(', ')}`);
  withEngine(withTrust(sweep))
    .option('--out <folder>', 'the trials, which all processes share; an interrupted sweep goes on')
    .option('--data <folder>', "the recipe's images, instead of its own folder")
    .option('--parallel <n>', 'processes at once on this machine', count, 1)
    .addOption(
      new Option(
        '--index <n>',
        "run this task's trials alone (default: SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, where one is set)",
      ).argParser(whole),
    )
    .option('--tasks <n>', 'tasks that share the sweep, with --index (default: one a trial)', count)
    .option('--dry-run', 'list the trials, and run none')
    .option('--retry-failed', 'run trials that have failed again')
    .option('--json', 'print the result as JSON')
    .action(sweepCommand);
  addSweepSubmit(sweep);
  sweep
    .command('report')
    .description('write sweep.html and best.json for what a sweep has done so far')
    .argument('<folder>', '--out of the sweep')
    .option('--json', 'print the result as JSON')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      printOutcome(await sweepOutcome(await savedSweep(folder), folder), json);
    });
}

/** The folder of the trials. @throws KcrError `OPTION` */
function requireOut(out: string | undefined): string {
  if (out !== undefined) return out;
  throw new KcrError('OPTION', {
    where: 'sweep',
    found: 'no --out',
    fix: 'Give --out, the folder of the trials',
  });
}

/** Where Slurm and Kubernetes say which task of an array a process is. */
const TASK_INDEX = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX'];

/** The task that this process is, by the scheduler that started it. @throws KcrError `OPTION` */
function taskIndex({ index, parallel }: SweepCommandOptions): number | undefined {
  if (index !== undefined || parallel > 1 || workersBeside() !== undefined) return index;
  const name = TASK_INDEX.find((own) => process.env[own] !== undefined);
  if (name === undefined) return undefined;
  const text = process.env[name]!;
  if (/^\d+$/.test(text)) return Number(text);
  throw new KcrError('OPTION', {
    where: `the environment's ${name}`,
    found: JSON.stringify(text),
    fix: 'Give --index, or let the scheduler set it',
  });
}

async function sweepCommand(name: string, options: SweepCommandOptions): Promise<void> {
  const { data, parallel, tasks, dryRun, retryFailed, trust, json } = options;
  const loaded = await loadSweep(name);
  if (dryRun) {
    printTrials(await listTrials(loaded, options.out), json);
    return;
  }
  const out = requireOut(options.out);
  const index = taskIndex(options);
  if (index === undefined && tasks !== undefined)
    throw new KcrError('OPTION', {
      where: 'sweep',
      found: '--tasks without --index',
      fix: 'Give --index too, or leave --tasks out',
    });
  if (index !== undefined && parallel > 1)
    throw new KcrError('OPTION', {
      where: 'sweep',
      found: '--index and --parallel',
      fix: 'Give one of them: a task of an array is one process',
    });
  const on = progress();
  const engine = engineOf(options);
  const own = { out, data, trust, engine, on, index, tasks, retryFailed };
  if (parallel > 1) {
    if (retryFailed) await forgetFailed(loaded, out);
    await runWorkers(parallel, workerArgs(name, out, options));
    printOutcome(await sweepOutcome(loaded, out), json);
    return;
  }
  const workers = workersBeside();
  const outcome = await runSweep(loaded, { ...own, workers });
  // What all of them have done is printed by the process that started them.
  if (workers === undefined) printOutcome(outcome, json);
}

/** The arguments of a process that works on the sweep beside others. */
const workerArgs = (
  name: string,
  out: string,
  { data, trust = [], engine, device }: SweepCommandOptions,
): string[] => [
  ...['sweep', name, '--out', out],
  ...['--engine', engine, '--device', device],
  ...(data === undefined ? [] : ['--data', data]),
  ...trust.flatMap((module) => ['--trust', module]),
];

function printTrials(trials: Awaited<ReturnType<typeof listTrials>>, json = false): void {
  if (json) {
    const listed = trials.map(({ slot: { index }, trial, state }) => {
      const { id, point: settings, fold, seed, epochs } = trial ?? {};
      return { index, id, state, settings, fold, seed, epochs };
    });
    process.stdout.write(`${JSON.stringify(listed)}\n`);
    return;
  }
  printTable([
    ['index', 'trial', 'state', 'setting'],
    ...trials.map(({ slot, trial, state }) => [
      String(slot.index),
      trial?.id ?? '',
      state,
      trial ? trialText(trial) : 'chosen by the trials before',
    ]),
  ]);
  process.stdout.write(`\n${trials.length} trials\n`);
}

function printOutcome({ findings, report }: SweepOutcome, json = false): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...findings, report })}\n`);
    return;
  }
  const { header, rows } = settingsTable(findings);
  printTable([header, ...rows.map(({ name, cells }) => [name, ...cells.map((c) => c.text)])]);
  process.stdout.write(`\n${whatIsLeft(findings)}`);
  if (report === undefined) return;
  process.stdout.write(`report: ${report}\n`);
  if (findings.best)
    process.stdout.write(`best:   ${report.replace(/sweep\.html$/, 'best.json')}\n`);
}

const whatIsLeft = ({ done, left, failures }: Findings): string =>
  `${done} of ${done + left} trials have ended${failures.length > 0 ? `, ${failures.length} failed` : ''}\n`;
