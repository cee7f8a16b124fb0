import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EpochRecord, KcrError, messageOf } from '@kcr/core';
import { isRecord, parseJson, writeAtomic } from '@kcr/core/internal';
import { compress, type RunOptions } from '../compress.ts';
import { openRun } from '../out/open-run.ts';
import { folderOf, type Summary } from '../report/run-analysis.ts';
import type { Trial } from './sweep-plan.ts';
import { metricOf, readResult, type TrialResult, writeResult } from './trial-result.ts';

/** What a trial is run with. */
export interface RunTrialOptions extends Omit<RunOptions, 'out' | 'seed'> {
  /** Path of the number that the sweep goes by: a trial without it has failed. */
  readonly metric: string;
}

/**
 * Runs a trial, or goes on with it; of one that has ended there is its result. While it goes on its folder is this process's alone.
 *
 * @param folder the trial's
 * @returns what it has come to, also where it failed: `failed` says why
 * @throws KcrError `OUT_LOCKED` where another process runs it, `OUT_WRITE`, `STATE_DAMAGED` for a result that is not as it was written
 */
export async function runTrial(
  trial: Trial,
  folder: string,
  { metric, ...options }: RunTrialOptions,
): Promise<TrialResult> {
  await using _folder = await openRun(folder);
  const before = await readResult(folder);
  if (before) return before;
  const { recipe, point, fold, seed, epochs } = trial;
  const about = { settings: point, fold, seed, epochs, recipe };
  await writeAtomic(join(folder, 'trial.json'), `${JSON.stringify(about, null, 1)}\n`);
  const start = performance.now();
  const outcome = await outcomeOf(trial, folder, metric, options);
  const result = { ...outcome, seconds: (performance.now() - start) / 1000 };
  await writeResult(folder, result);
  return result;
}

/** What a trial comes to; it has failed where its numbers are not finite, and wherever else it throws. */
async function outcomeOf(
  { recipe }: Trial,
  folder: string,
  metric: string,
  options: Omit<RunTrialOptions, 'metric'>,
): Promise<Omit<TrialResult, 'seconds'>> {
  const out = join(folder, 'run');
  try {
    const { summary } = await compress(recipe, { ...options, out });
    const numbers = await numbersOf(out, summary);
    if (metricOf({ numbers, seconds: 0 }, metric) !== undefined) return { numbers };
    const message = `${metric} is not among the run's numbers, or not finite`;
    return { failed: { code: 'SWEEP_METRIC', message } };
  } catch (error) {
    // Where nothing can be written it is the machine that is at fault, and the next trial would do no better.
    if (error instanceof KcrError && error.code.startsWith('OUT_')) throw error;
    const code = error instanceof KcrError ? error.code : 'ERROR';
    return { failed: { code, message: messageOf(error) } };
  }
}

/** The numbers of each model of a run: what its training logged last, and its summary. */
async function numbersOf(
  run: string,
  summary: Readonly<Record<string, Summary>>,
): Promise<Record<string, Record<string, number>>> {
  const numbers: Record<string, Record<string, number>> = {};
  for (const [model, own] of Object.entries(summary))
    numbers[model] = { ...(await lastRecord(join(run, folderOf(model), 'metrics.jsonl'))), ...own };
  return numbers;
}

/** What a training logged of its last epoch; nothing where there was none. */
async function lastRecord(path: string): Promise<EpochRecord> {
  if (!existsSync(path)) return {};
  const line = (await readFile(path, 'utf8')).trimEnd().split('\n').at(-1)!;
  const refusal = { code: 'STATE_DAMAGED', fix: 'Delete the trial’s folder' } as const;
  const record = parseJson(line, path, refusal);
  const entries = Object.entries(isRecord(record) ? record : {});
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}
