import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { KcrError } from '@kcr/core';
import type { RunOptions } from '../compress.ts';
import { engineMaker } from '../engine.ts';
import { requireWritable } from '../out/writable.ts';
import { parseRecipe } from '../recipes/parse-recipe.ts';
import { recipeData } from '../recipes/recipe-data.ts';
import { pointText } from './point.ts';
import { runTrial } from './run-trial.ts';
import type { LoadedSweep } from './sweep.ts';
import { keepSweep } from './sweep-file.ts';
import { type Findings, findingsOf } from './sweep-findings.ts';
import { type Slot, SweepPlan, type Trial } from './sweep-plan.ts';
import { writeSweepReport } from './sweep-report.ts';
import { SweepResults } from './sweep-results.ts';
import { metricOf, trialFolder } from './trial-result.ts';

/** What a sweep is run with. */
export interface SweepOptions extends Pick<RunOptions, 'data' | 'trust' | 'on' | 'engine'> {
  /** The folder of all trials, which any number of processes share. */
  readonly out: string;
  /** Which task this is of those that share the sweep, from 0: it runs its own trials alone. Absent: all that are free. */
  readonly index?: number;
  /** How many tasks share the sweep. Default: one for each trial. */
  readonly tasks?: number;
  /** How many processes work on it, for the time that is left. Default 1. */
  readonly workers?: number;
  /** Runs trials that have failed again. */
  readonly retryFailed?: boolean;
}

/** What a sweep has come to. */
export interface SweepOutcome {
  readonly findings: Findings;
  /** Path of the page; absent where no trial has ended yet. */
  readonly report?: string;
}

/** Milliseconds from one look at what others have done to the next. */
const PAUSE = 1000;

/** The trials of a sweep in their order, those of halving as far as results decide them. */
export async function listTrials(
  loaded: LoadedSweep,
  out?: string,
): Promise<{ slot: Slot; trial?: Trial; state: 'done' | 'failed' | 'open' }[]> {
  const plan = await SweepPlan.of(loaded);
  const results = new SweepResults(plan, out);
  await results.read();
  return plan.slots.flatMap((slot) => {
    const trial = plan.trial(slot, results.all);
    if (trial === 'none') return [];
    const result = trial && results.all.get(trial.id);
    const ended = result?.failed ? 'failed' : 'done';
    return [{ slot, trial, state: result ? ended : 'open' }];
  });
}

/** Whether a trial could not be run because another process runs it. */
const isHeld = (error: unknown): boolean =>
  error instanceof KcrError && error.code === 'OUT_LOCKED';

/**
 * Runs the trials of a sweep that have not ended, and writes its report. Other processes may do the same at once: a trial is that of the
 * process that holds its folder, and where that was killed another one goes on with it. Trials that fail are kept as such.
 *
 * @throws KcrError `OUT_EXISTS`, `OUT_WRITE`, `OPTION` for an index that there is not, `OUT_LOCKED` where another process runs the trial of
 *   `index`, `SWEEP_NO_RESULT` where all have failed, and those of reading the data
 */
export async function runSweep(loaded: LoadedSweep, options: SweepOptions): Promise<SweepOutcome> {
  const plan = await SweepPlan.of(loaded);
  const own = ownSlots(plan, options);
  await requireWritable(options.out);
  await keepSweep(options.out, loaded);
  const runner = new Runner(plan, options);
  await runner.results.read();
  if (options.retryFailed) await forget(runner.results, own ?? plan.slots, options.out, plan);
  await runner.checkData();
  if (own) await runner.runOwn(own);
  else await runner.runAll();
  return sweepOutcome(loaded, options.out);
}

/**
 * What the trials of a folder have come to so far, and its report.
 *
 * @throws KcrError `SWEEP_NO_RESULT` where all have failed, `OUT_WRITE`
 */
export async function sweepOutcome(loaded: LoadedSweep, out: string): Promise<SweepOutcome> {
  const plan = await SweepPlan.of(loaded);
  const results = new SweepResults(plan, out);
  await results.read();
  const findings = findingsOf(plan, results.all);
  if (findings.done > 0 && findings.done === findings.failures.length && findings.left === 0)
    throw new KcrError('SWEEP_NO_RESULT', {
      where: out,
      found: `${findings.done} trials, which all failed: ${findings.failures[0]!.message}`,
      fix: 'Correct the recipe, then run the sweep with --retry-failed',
    });
  const any = findings.settings.some(({ score }) => score);
  return { findings, report: any ? await writeSweepReport(out, findings) : undefined };
}

/** Lets the trials of a folder that have failed run again. @throws KcrError `STATE_DAMAGED` */
export async function forgetFailed(loaded: LoadedSweep, out: string): Promise<void> {
  const plan = await SweepPlan.of(loaded);
  const results = new SweepResults(plan, out);
  await results.read();
  await forget(results, plan.slots, out, plan);
}

async function forget(
  results: SweepResults,
  slots: readonly Slot[],
  out: string,
  plan: SweepPlan,
): Promise<void> {
  // First all of them: what halving chose goes by the results.
  const trials = slots.map((slot) => plan.trial(slot, results.all));
  for (const trial of trials) {
    if (typeof trial !== 'object' || !results.all.get(trial.id)?.failed) continue;
    await rm(join(trialFolder(out, trial.id), 'result.json'), { force: true });
    results.forget(trial.id);
  }
}

/** The slots of the task that this is. @throws KcrError `OPTION` */
function ownSlots({ slots }: SweepPlan, { index, tasks }: SweepOptions): Slot[] | undefined {
  if (index === undefined) return undefined;
  const all = tasks ?? slots.length;
  if (Number.isInteger(index) && index >= 0 && index < all)
    return slots.filter((slot) => slot.index % all === index);
  throw new KcrError('OPTION', {
    where: 'sweep, index',
    found: `${index} of ${all} ${tasks === undefined ? 'trials' : 'tasks'}`,
    fix: `Use a number from 0 to ${all - 1}`,
  });
}

class Runner {
  readonly results: SweepResults;

  constructor(
    private readonly plan: SweepPlan,
    private readonly options: SweepOptions,
  ) {
    this.results = new SweepResults(plan, options.out);
  }

  /** Reads the lists of images once, as the first trial that is open would: what is wrong with them is wrong with all trials. */
  async checkData(): Promise<void> {
    const { loaded } = this.plan;
    const next = this.#open(this.plan.slots)[0];
    if (!next) return;
    const { recipe } = next.trial;
    const parsed = await parseRecipe(recipe, recipe.name, loaded.from);
    await recipeData(parsed, { root: this.options.data ?? recipe.data.root });
  }

  /** Runs all that is free, until every trial has ended. */
  async runAll(): Promise<void> {
    for (;;) {
      await this.results.read();
      if (this.#isOver()) return;
      if (!(await this.#runFirstFree(this.plan.slots))) await setTimeout(PAUSE);
    }
  }

  /** Runs the trials of a task's own slots; of those before them only what they wait for and nobody else runs. */
  async runOwn(own: readonly Slot[]): Promise<void> {
    for (const slot of own)
      for (;;) {
        await this.results.read();
        const trial = this.plan.trial(slot, this.results.all);
        if (trial === 'none' || (trial && this.results.all.has(trial.id))) break;
        if (trial) await this.#run(slot, trial);
        else if (!(await this.#runFirstFree(this.plan.slots.slice(0, slot.index))))
          await setTimeout(PAUSE);
      }
  }

  #isOver(): boolean {
    const { all } = this.results;
    return this.plan.slots.every((slot) => {
      const trial = this.plan.trial(slot, all);
      return trial === 'none' || (trial !== undefined && all.has(trial.id));
    });
  }

  /** Those whose trial is known and has not ended. */
  #open(slots: readonly Slot[]): { slot: Slot; trial: Trial }[] {
    return slots.flatMap((slot) => {
      const trial = this.plan.trial(slot, this.results.all);
      return typeof trial === 'object' && !this.results.all.has(trial.id) ? [{ slot, trial }] : [];
    });
  }

  /** Runs the first trial that no other process runs. @returns whether there was one */
  async #runFirstFree(slots: readonly Slot[]): Promise<boolean> {
    for (const { slot, trial } of this.#open(slots))
      try {
        await this.#run(slot, trial);
        return true;
      } catch (error) {
        if (!isHeld(error)) throw error;
      }
    return false;
  }

  async #run(slot: Slot, trial: Trial): Promise<void> {
    const { data, trust, on = () => {}, engine = engineMaker(), out } = this.options;
    const { loaded, slots } = this.plan;
    const metric = loaded.sweep.metric.path;
    const about = { index: slot.index, trials: slots.length, id: trial.id, text: trialText(trial) };
    let begun = false;
    const result = await runTrial(trial, trialFolder(out, trial.id), {
      data,
      trust,
      engine,
      metric,
      // Not all kinds of images say which pixels they are.
      cache: join(out, 'trainings', trial.images),
      from: loaded.from,
      on: (event) => {
        if (!begun) on({ type: 'trial', ...about });
        begun = true;
        on(event);
      },
    });
    await this.results.read();
    const { failed } = result;
    on({
      type: 'trial-ended',
      ...about,
      ...this.#progress(),
      metric,
      value: metricOf(result, metric),
      failed: failed && `${failed.code}: ${failed.message}`,
    });
  }

  /** How far the whole sweep is. */
  #progress(): { done: number; secondsLeft: number } {
    const { all } = this.results;
    let [done, left, cost, seconds] = [0, 0, 0, 0];
    for (const slot of this.plan.slots) {
      const trial = this.plan.trial(slot, all);
      if (trial === 'none') continue;
      const result = trial && all.get(trial.id);
      if (result) {
        done++;
        // One that failed at once says nothing of the others.
        if (!result.failed) [cost, seconds] = [cost + slot.cost, seconds + result.seconds];
      } else left += slot.cost;
    }
    const each = cost > 0 ? seconds / cost : 0;
    return { done, secondsLeft: (left * each) / (this.options.workers ?? 1) };
  }
}

/** What a trial is, in a few words. */
export const trialText = ({ point, fold, seed, epochs }: Trial): string =>
  [
    pointText(point),
    ...(fold === undefined ? [] : [`fold ${fold}`]),
    `seed ${seed}`,
    ...(epochs === undefined ? [] : [`${epochs} epochs`]),
  ].join(', ');
