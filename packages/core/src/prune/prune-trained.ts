import type { Engine } from '../engine/engine.ts';
import { Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';
import { checkExtension } from '../model/check-extension.ts';
import { checkKept } from '../model/kept.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import { checkDataset } from '../train/check-dataset.ts';
import { accuracyOf, type PrunedModel } from './accuracy.ts';
import type { Allocator } from './allocator.ts';
import { checkedSteps } from './checked-steps.ts';
import { type Criterion, scoreChannels } from './criterion.ts';
import { prune, pruneState } from './prune.ts';
import { oneShot, type PruningSchedule } from './pruning-schedule.ts';
import type { Scores } from './selection.ts';

export interface PruneTrainedOptions {
  model: Model;
  weights: StateDict;
  criterion: Criterion;
  allocator: Allocator;
  /** Default: one-shot. */
  schedule?: PruningSchedule;
  /** Roles of the dimensions to prune, e.g. `qk`, `v`, `hidden`. Default: all that can be. */
  dims?: readonly string[];
  /** Holds no state; each step uses it and leaves it so. */
  engine: Engine;
  /** Labelled images, without augmentation, to score on and to measure accuracy drops on. */
  data: Dataset;
  batchSize: number;
  seed: number;
  /** Trains what a step left, before the next one. Default: no training in between. */
  train?(model: Model, weights: StateDict): Promise<StateDict>;
  onStep?(report: PruningReport): void;
  /** Called with each step's scores, of the dimensions that it chooses from as they are then. */
  onScores?(scores: Scores): void;
}

/** Where pruning is, after a step. */
export interface PruningReport {
  name: string;
  /** Steps done, and in all. */
  step: number;
  steps: number;
  macs: number;
  params: number;
  /** Share that is left of the channels that may go, all steps' together. */
  channels: number;
}

/**
 * Prunes a trained model: in each step of the schedule the criterion scores channels and the allocator
 * chooses among them.
 *
 * @throws KcrError `DATASET_*`, `LABEL_CLASS`, `DIM_ROLES`, `SCHEDULE`, `SCORES`, `SELECTION_*`, `DIM_INDEX`, `EXTENSION_CONTRACT`,
 *   `EXTENSION_NEEDS`, and those of the criterion and the allocator
 */
export async function pruneTrained(options: PruneTrainedOptions): Promise<PrunedModel> {
  const { criterion, allocator, schedule = oneShot({}), engine, data, batchSize } = options;
  const { model: whole, weights: wholeWeights } = options;
  checkExtension('criterion', criterion, whole);
  checkExtension('allocator', allocator, whole);
  checkDataset(whole, data, 'calibration images');
  const generator = new Generator(options.seed).fork('prune');
  const steps = checkedSteps(schedule, whole, options.dims);
  const prunable = new Set(steps.flatMap(({ dims }) => dims));
  let current: PrunedModel = { model: whole, weights: wholeWeights };
  const measured = new Map<StateDict, number>();
  const accuracy = async (model: Model, weights: StateDict) => {
    const known = measured.get(weights);
    if (known !== undefined) return known;
    const top1 = await accuracyOf(engine, { model, weights }, data, batchSize);
    // What each step starts from is asked for again; candidates are not.
    if (weights === wholeWeights || weights === current.weights) measured.set(weights, top1);
    return top1;
  };
  for (const [i, { name, dims, later, progress, path = 'linear' }] of steps.entries()) {
    const { model, weights } = current;
    const context = { model, weights, engine, data, batchSize, generator: generator.fork(name) };
    const scores = await scoreChannels(criterion, context, dims);
    options.onScores?.(scores);
    const kept: unknown = await allocator.allocate({
      model,
      weights,
      whole,
      wholeWeights,
      progress,
      path,
      later,
      scores,
      accuracy,
    });
    checkKept(model, kept, `allocator "${allocator.name}"`);
    const pruned = prune(model, kept);
    const state = pruneState(model, pruned, weights);
    current = { model: pruned, weights: (await options.train?.(pruned, state)) ?? state };
    const { parameterCount: params, macs } = pruned;
    const channels = channelsOf(pruned, prunable) / channelsOf(whole, prunable);
    options.onStep?.({
      name,
      step: i + 1,
      steps: steps.length,
      macs: macs.total,
      params,
      channels,
    });
  }
  return current;
}

const channelsOf = ({ dims }: Model, names: Iterable<string>): number =>
  Array.from(names).reduce((sum, name) => sum + dims.get(name)!.size, 0);
