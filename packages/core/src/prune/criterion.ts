import type { Engine } from '../engine/engine.ts';
import type { Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Scores } from './selection.ts';

/** What a criterion may use to score a trained model's channels. */
export interface CriterionContext {
  model: Model;
  weights: StateDict;
  /** An engine of its own, without state. */
  engine: Engine;
  /** Labelled images, without augmentation. */
  data: Dataset;
  batchSize: number;
  generator: Generator;
}

/** Scores the channels of all dimensions that can be pruned; higher ones are kept first. */
export interface Criterion {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: object;
  score(context: CriterionContext): Promise<Scores>;
}

/**
 * Defines a criterion with options.
 *
 * @example
 * export const bias = defineCriterion('bias', ({ sign }: { sign: 1 | -1 }) => ({ model, weights }) =>
 *   channelSums(model, weightValues(model, (name, i) => sign * weights[name]!.data[i]!)),
 * );
 */
export const defineCriterion =
  <O extends object>(
    name: string,
    score: (options: O) => (context: CriterionContext) => Promise<Scores> | Scores,
  ) =>
  (options: O): Criterion => {
    const run = score(options);
    return { name, options, score: async (context) => run(context) };
  };
