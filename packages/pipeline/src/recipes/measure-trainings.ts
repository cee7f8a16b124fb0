import { fit, type MemoryReport, type MicroBatch, type Model, search } from '@kcr/core';
import { withoutRefresh } from '@kcr/core/internal';
import type { Splits } from '../data/data-kind.ts';
import { engineMaker, type MakeEngine } from '../engine.ts';
import type { OnEvent } from '../events.ts';
import { loadPlugin } from '../modules.ts';
import { plannedStages } from './planned-stages.ts';
import type { Recipe } from './recipe.ts';
import { recipeModel, wholeModel } from './recipe-model.ts';
import { loadOptimizer } from './training-fields.ts';

/** What a training of a recipe takes, by its first updates on this machine. */
export interface MeasuredTraining {
  /** As its folder is named. */
  readonly name: string;
  /** Where the engine knows it. */
  readonly memory?: MemoryReport;
  /** Seconds up to the end of the first update, in which steps are compiled. */
  readonly first: number;
  /** Seconds of an update after it. */
  readonly update: number;
  /** Seconds of all its updates; absent where it is not known how many these are. */
  readonly all?: number;
}

export interface MeasureTrainingsOptions {
  /** Makes the engines. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  /** As of the run: see `microBatch` of `fit`. */
  readonly microBatch?: MicroBatch;
  readonly on?: OnEvent;
}

/** Updates that are made, and of these the first that are not timed; in a search weights and masks take turns. */
const UPDATES = { fit: [3, 1], search: [8, 4] } as const;

/** Ends a training that has been measured. */
class Enough extends Error {}

/**
 * Makes the first updates of each training of a recipe on its images, and keeps nothing of them. The compact model is taken with all its
 * channels, and what plugins do between epochs and evaluation are left out.
 *
 * @throws KcrError those of training, such as `MEMORY`
 */
export async function measureTrainings(
  recipe: Recipe,
  data: Splits,
  { engine = engineMaker(), microBatch, on = () => {} }: MeasureTrainingsOptions = {},
): Promise<MeasuredTraining[]> {
  const { dense, search: searching, retrain } = recipe;
  const { model } = await recipeModel(recipe);
  const whole = await wholeModel(recipe);
  const planned = new Map(
    plannedStages(recipe, data.train).map(({ name, steps }) => [name, steps]),
  );

  async function measure(
    name: string,
    trained: Model,
    {
      optimizer,
      plugins,
      initial: _,
      ...settings
    }: Omit<Recipe['retrain'], 'initial'> & { initial?: unknown },
    more: object = {},
  ): Promise<MeasuredTraining> {
    const isSearch = name === 'search';
    const [most, untimed] = UPDATES[isSearch ? 'search' : 'fit'];
    const own = await Promise.all(plugins.map((part) => loadPlugin(part, recipe.from)));
    let memory: MemoryReport | undefined;
    const began = performance.now();
    const ends: number[] = [];
    await using made = await engine();
    const options = {
      ...settings,
      ...more,
      model: trained,
      engine: made,
      train: data.train,
      seed: recipe.seed,
      microBatch,
      optimizer: await loadOptimizer(optimizer, recipe.from),
      plugins: own.map(withoutRefresh),
      onMemory(report: MemoryReport) {
        memory = report;
        on({ type: 'memory', stage: name, report });
      },
      onStep() {
        ends.push((performance.now() - began) / 1000);
        if (ends.length === most) throw new Enough();
      },
      onWarning: () => {},
    };
    try {
      await (isSearch ? search(options) : fit(options));
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
    const [first, last] = [ends[0]!, ends.at(-1)!];
    const from = Math.min(untimed, ends.length - 1);
    // One that has a single update takes what that took.
    const update = from === 0 ? first : (last - ends[from - 1]!) / (ends.length - from);
    const steps = planned.get(name);
    return { name, memory, first, update, all: steps && first + (steps - 1) * update };
  }

  const measured: MeasuredTraining[] = [];
  if (dense) measured.push(await measure('dense', model, dense));
  if (searching) {
    const { classes: _, architectureOptimizer: other, ...settings } = searching;
    const architectureOptimizer = other && (await loadOptimizer(other, recipe.from));
    measured.push(await measure('search', whole, settings, { architectureOptimizer }));
  }
  measured.push(await measure('compact', whole, retrain));
  return measured;
}
