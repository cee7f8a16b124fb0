import type { Engine } from '../engine/engine.ts';
import { KcrError } from '../ground/error.ts';
import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Generator } from '../ground/random.ts';
import type { Dataset } from '../model/batch.ts';
import { checkExtension } from '../model/check-extension.ts';
import type { Dim } from '../model/dim.ts';
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
export interface Criterion extends Extension {
  /** What it was made with, as JSON. */
  readonly options: object;
  score(context: CriterionContext): Promise<Scores>;
}

/** A criterion with options, as its author writes it. */
export interface CriterionDefinition<O, I = O> extends Definition<O, I> {
  /** Scores by dimension, with options. */
  score(options: O): (context: CriterionContext) => Promise<Scores> | Scores;
}

/**
 * Defines a criterion with options.
 *
 * @example
 * export const bias = defineCriterion({
 *   name: 'bias',
 *   contract: 1,
 *   score: ({ sign }: { sign: 1 | -1 }) => ({ model, weights }) =>
 *     channelSums(model, weightValues(model, (name, i) => sign * weights[name]!.data[i]!)),
 * });
 */
export const defineCriterion = <O extends object, I extends object = O>(
  definition: CriterionDefinition<O, I>,
): Maker<I, Criterion> =>
  defineExtension('criterion', definition, (options) => {
    const run = definition.score(options);
    return { score: async (context: CriterionContext) => run(context) };
  });

/**
 * A criterion's scores of some dimensions, checked. One that it gives no scores for, such as a view whose weights are
 * another dimension's, is left out and stays whole.
 *
 * @param dims names of the dimensions that are to be pruned
 * @throws KcrError `SCORES` where they are not one finite number for each channel, where there are none at all, and for a
 *   dimension that the model does not have; `EXTENSION_CONTRACT`, `EXTENSION_NEEDS`; what the criterion throws
 */
export async function scoreChannels(
  criterion: Criterion,
  context: CriterionContext,
  dims: readonly string[],
): Promise<Scores> {
  const where = `criterion "${criterion.name}"`;
  checkExtension('criterion', criterion, context.model);
  const scores: unknown = await criterion.score(context);
  if (!(scores instanceof Map) || scores.size === 0)
    throw wrong(where, 'no Map of scores by dimension');
  for (const [name, values] of scores)
    checkScores(`${where}, ${name}`, context.model.dims.get(name), values);
  return new Map(dims.flatMap((name) => (scores.has(name) ? [[name, scores.get(name)]] : [])));
}

function checkScores(where: string, dim: Dim | undefined, values: ArrayLike<number>): void {
  if (!dim) throw wrong(where, 'scores of a dimension that the model does not have');
  if (values?.length !== dim.size)
    throw wrong(where, `${values?.length ?? 'no'} scores for ${dim.size} channels`);
  const bad = Array.from(values).filter((score) => !Number.isFinite(score));
  if (bad.length > 0)
    throw wrong(
      where,
      `${bad.length} of ${dim.size} scores are no finite numbers, such as ${bad[0]}`,
    );
}

const wrong = (where: string, found: string) =>
  new KcrError('SCORES', {
    where,
    found,
    fix: 'Look at the weights and images that it scores, or use another criterion',
  });
